-- What an access token cuts its user's rights down to; permissions null: nothing. Empty org and project: the whole tenant, the whole organization.

alter table access_tokens
    add column permissions text[],
    add column org text not null default '',
    add column project text not null default '';
