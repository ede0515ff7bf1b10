-- Variables that a project gives to its jobs. Environment and branch are '' where they do not count.
create table variables
(
    tenant text not null,
    org text not null,
    project text not null,
    name text not null,
    environment text not null default '',
    branch text not null default '',
    value text not null,
    updated_at timestamptz not null,
    updated_by text not null,
    primary key (tenant, org, project, name, environment, branch)
);

-- Those that held when the build was made, as JSON; null: none.
alter table plans add column variables jsonb;
