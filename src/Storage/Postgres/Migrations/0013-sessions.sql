-- Sign-ins of browsers. The cookie names the row; without it the cookie is worth nothing.

create table sessions
(
    id uuid primary key,
    user_id uuid not null references users on delete cascade,
    created_at timestamptz not null,
    seen_at timestamptz not null,
    expires_at timestamptz not null,
    method text not null,
    address text,
    client text not null
);

create index sessions_by_user on sessions (user_id);
create index sessions_by_end on sessions (expires_at);
