-- A job that is run again deploys anew: what it deployed before stays in the history. What is there now is what ended last.
alter table deployments add column round integer not null default 0;
alter table deployments add column at timestamptz;
update deployments set at = coalesce((doc ->> 'finishedAt')::timestamptz, (doc ->> 'startedAt')::timestamptz, (doc ->> 'queuedAt')::timestamptz, now());
alter table deployments alter column at set not null;
alter table deployments drop constraint deployments_pkey;
alter table deployments add primary key (tenant, org, project, environment, number, job, round);
create index deployments_newest on deployments (tenant, org, project, environment, at desc);
