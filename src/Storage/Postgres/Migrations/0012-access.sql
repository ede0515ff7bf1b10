-- Read models of tenants, organizations, teams, users and roles (docs/adr/0016-access.md). Each row carries the version of the grain's
-- state that it shows; those with version 0 were there before the grains, which take them over when they are first asked.

create table tenants
(
    tenant text primary key,
    version bigint not null,
    enabled boolean not null,
    doc jsonb not null
);

insert into tenants (tenant, version, enabled, doc)
select tenant, 0, true, jsonb_build_object('name', tenant, 'displayName', '', 'enabled', true, 'createdAt', now())
from (select 'default' as tenant union select tenant from users) known;

create table custom_roles
(
    tenant text not null,
    name text not null,
    permissions text[] not null,
    primary key (tenant, name)
);

create table organizations
(
    tenant text not null,
    org text not null,
    version bigint not null,
    description text not null,
    created_at timestamptz not null,
    primary key (tenant, org)
);

insert into organizations (tenant, org, version, description, created_at) select distinct tenant, org, 0, '', now() from projects;

create table teams
(
    tenant text not null,
    org text not null,
    team text not null,
    version bigint not null,
    description text not null,
    primary key (tenant, org, team)
);

create table team_members
(
    tenant text not null,
    org text not null,
    team text not null,
    user_id uuid not null references users on delete cascade,
    primary key (tenant, org, team, user_id),
    foreign key (tenant, org, team) references teams on delete cascade
);

create index team_members_by_user on team_members (user_id);

-- Empty org and project: the whole tenant, the whole organization. Either user_id or team (org/name) is given.
create table role_grants
(
    tenant text not null,
    org text not null,
    project text not null,
    subject text not null,
    role text not null,
    user_id uuid,
    team text,
    primary key (tenant, org, project, subject, role)
);

create index role_grants_by_user on role_grants (user_id);
create index role_grants_by_team on role_grants (tenant, team);

create table grant_scopes
(
    tenant text not null,
    org text not null,
    project text not null,
    version bigint not null,
    primary key (tenant, org, project)
);

insert into role_grants (tenant, org, project, subject, role, user_id)
select tenant, '', '', 'user:' || id, lower(role), id from users where lower(role) in ('viewer', 'developer', 'maintainer', 'admin');

alter table users
    add column version bigint not null default 0,
    add column display_name text not null default '',
    add column email text,
    add column enabled boolean not null default true,
    alter column password_hash drop not null;
update users set enabled = lower(role) in ('viewer', 'developer', 'maintainer', 'admin');
alter table users drop column role;

-- By which identities elsewhere an account is known.
create table user_identities
(
    tenant text not null,
    provider text not null,
    subject text not null,
    user_id uuid not null references users on delete cascade,
    primary key (tenant, provider, subject)
);
