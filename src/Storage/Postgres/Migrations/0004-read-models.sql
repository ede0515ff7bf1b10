-- Documents (doc) are what the API shows; the other columns are what lists filter and sort on.
-- A row is replaced only by a higher version, so a late projection never takes it back (docs/adr/0004-read-models.md).

create table projects
(
    tenant text not null,
    org text not null,
    name text not null,
    version bigint not null,
    doc jsonb not null,
    primary key (tenant, org, name)
);

create table builds
(
    tenant text not null,
    org text not null,
    project text not null,
    number integer not null,
    version bigint not null,
    status text not null,
    ref text not null,
    author text not null,
    created_at timestamptz not null,
    search text not null,
    doc jsonb not null,
    stages jsonb,
    primary key (tenant, org, project, number)
);

create index builds_by_time on builds (tenant, created_at desc);
create index builds_unfinished on builds (tenant, org, project, number) where status in ('queued', 'waiting', 'running');

create table jobs
(
    tenant text not null,
    org text not null,
    project text not null,
    number integer not null,
    key text not null,
    attempt integer not null,
    version bigint not null,
    position integer not null,
    doc jsonb not null,
    primary key (tenant, org, project, number, key)
);

create table plans
(
    tenant text not null,
    org text not null,
    project text not null,
    number integer not null,
    plan bytea not null,
    primary key (tenant, org, project, number)
);

create table agents
(
    tenant text not null,
    name text not null,
    revision bigint not null,
    doc jsonb not null,
    primary key (tenant, name)
);

create table agent_join_tokens
(
    hash bytea primary key,
    tenant text not null,
    name text,
    labels text[] not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_by text,
    used_at timestamptz
);

create table agent_identities
(
    tenant text not null,
    name text not null,
    credential_hash bytea not null,
    thumbprint text not null,
    created_at timestamptz not null,
    revoked_at timestamptz,
    primary key (tenant, name)
);

-- An artifact is listed once completed_at is set, which is when all its files are in the blob store.
create table artifacts
(
    id bigint generated always as identity primary key,
    tenant text not null,
    org text not null,
    project text not null,
    number integer not null,
    job text not null,
    attempt integer not null,
    name text not null,
    files integer,
    size bigint,
    created_at timestamptz not null,
    completed_at timestamptz,
    unique (tenant, org, project, number, job, attempt, name)
);

create table artifact_files
(
    artifact_id bigint not null references artifacts on delete cascade,
    path text collate "C" not null,
    size bigint not null,
    sha256 text not null,
    blob_key text not null,
    executable boolean not null,
    primary key (artifact_id, path)
);

create table schedules
(
    id bigint generated always as identity primary key,
    tenant text not null,
    org text not null,
    project text not null,
    file text not null,
    cron text not null,
    ref text not null,
    next_at timestamptz,
    claimed_until timestamptz,
    unique (tenant, org, project, file, cron, ref)
);

create index schedules_due on schedules (next_at) where next_at is not null;

create table users
(
    id uuid primary key,
    tenant text not null,
    name text not null,
    password_hash text not null,
    role text not null,
    culture text,
    failed_count integer not null default 0,
    locked_until timestamptz,
    created_at timestamptz not null
);

create unique index users_by_name on users (tenant, lower(name));

create table access_tokens
(
    id uuid primary key,
    user_id uuid not null references users on delete cascade,
    name text not null,
    sha256 bytea not null unique,
    prefix text not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    last_used_at timestamptz
);

create index access_tokens_by_user on access_tokens (user_id);

create table settings
(
    key text collate "C" primary key,
    value bytea not null
);
