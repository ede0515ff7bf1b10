-- The contents of caches, each once a project. A row is there before its blob, so that a sweep finds what a crash left.
create table cache_contents
(
    tenant text not null,
    org text not null,
    project text not null,
    sha256 text not null,
    size bigint not null,
    begun_at timestamptz not null,
    stored boolean not null default false,
    primary key (tenant, org, project, sha256)
);

-- What builds of a ref keep under a key; it does not change.
create table caches
(
    id bigint generated always as identity primary key,
    tenant text not null,
    org text not null,
    project text not null,
    ref text not null,
    key text not null,
    sha256 text not null,
    number integer not null,
    created_at timestamptz not null,
    used_at timestamptz not null,
    unique (tenant, org, project, ref, key),
    foreign key (tenant, org, project, sha256) references cache_contents
);

create index caches_contents on caches (tenant, org, project, sha256);
create index caches_used on caches (used_at);
