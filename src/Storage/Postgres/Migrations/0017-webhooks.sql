-- By which other forges start a project's pipelines.
create table webhooks
(
    tenant text not null,
    org text not null,
    project text not null,
    name text not null,
    version bigint not null,
    doc jsonb not null,
    -- The secret that deliveries are signed with.
    sealed bytea not null,
    primary key (tenant, org, project, name)
);
