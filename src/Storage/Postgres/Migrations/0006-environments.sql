-- What a project asks of deployments to an environment. The settings are the truth, not a projection.
create table environments
(
    tenant text not null,
    org text not null,
    project text not null,
    name text not null,
    doc jsonb not null,
    primary key (tenant, org, project, name)
);

-- One row for each job that deploys; projected by the job with its version (docs/adr/0004-read-models.md).
create table deployments
(
    tenant text not null,
    org text not null,
    project text not null,
    environment text not null,
    number integer not null,
    job text not null,
    version bigint not null,
    succeeded boolean not null,
    doc jsonb not null,
    primary key (tenant, org, project, environment, number, job)
);
