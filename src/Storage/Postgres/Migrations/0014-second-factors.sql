-- One-time passwords (RFC 6238) and recovery codes of local accounts. last_step is the time step of the last code that was used: none counts twice.

create table second_factors
(
    user_id uuid primary key references users on delete cascade,
    secret bytea not null,
    created_at timestamptz not null,
    confirmed_at timestamptz,
    last_step bigint not null default 0
);

create table recovery_codes
(
    user_id uuid not null references users on delete cascade,
    sha256 bytea not null,
    primary key (user_id, sha256)
);
