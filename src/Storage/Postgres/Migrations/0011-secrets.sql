-- Data keys seal values in whatever column; they are wrapped by a key provider, and a rotation touches this table only (docs/adr/0014-secrets.md).
-- tenant '': the cluster's own.
create table data_keys
(
    id uuid primary key,
    tenant text not null,
    scope text not null,
    provider text not null,
    key_id text not null,
    wrapped bytea not null,
    created_at timestamptz not null,
    retired_at timestamptz,
    rewrapped_at timestamptz,
    failure text
);

create unique index data_keys_sealing on data_keys (tenant, scope) where retired_at is null;
create index data_keys_by_key on data_keys (provider, key_id);

-- Secrets of a tenant, an organization (org), a project (project) or one of its environments; the others are ''. doc has what lists show and
-- rules ask for. Either sealed or vault: the value, or where it is read when a job needs it.
create table secrets
(
    tenant text not null,
    org text not null default '',
    project text not null default '',
    environment text not null default '',
    name text not null,
    version bigint not null,
    doc jsonb not null,
    sealed bytea,
    last_used_at timestamptz,
    primary key (tenant, org, project, environment, name)
);

-- Where secrets may be read from: the address and login of a Vault, whose credential is sealed.
create table vault_connections
(
    tenant text not null,
    org text not null default '',
    project text not null default '',
    name text not null,
    version bigint not null,
    doc jsonb not null,
    sealed bytea not null,
    primary key (tenant, org, project, name)
);

-- Whether the value is sealed: keys of the cluster are, marks are not.
alter table settings add column sealed boolean not null default false;
