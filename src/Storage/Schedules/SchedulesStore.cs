using System.Globalization;
using Npgsql;
using PRTS.Contracts.Projects;
using PRTS.Storage.Postgres;

namespace PRTS.Storage.Schedules;

/// <summary>A schedule as a pipeline file has it. NextAt: null when the expression never comes due again.</summary>
public sealed record ScheduleDefinition(string File, string Cron, string Ref, DateTimeOffset? NextAt);

/// <summary>A schedule that came due and that the caller holds until its lease ends.</summary>
public sealed record DueSchedule
{
    public required long Id { get; init; }
    public required ProjectId Project { get; init; }
    public required string File { get; init; }
    public required string Cron { get; init; }
    public required string Ref { get; init; }
    public required DateTimeOffset DueAt { get; init; }

    /// <summary>The same whoever claims it and however often: what a start must be idempotent by.</summary>
    public string Occurrence => string.Create(CultureInfo.InvariantCulture, $"{Id}-{DueAt.ToUnixTimeSeconds()}");
}

public sealed class SchedulesStore(NpgsqlDataSource database)
{
    /// <summary>Makes these the schedules of the project. One that was there keeps its place in time.</summary>
    public async Task Replace(ProjectId project, IReadOnlyList<ScheduleDefinition> schedules, CancellationToken cancellationToken = default)
    {
        await using var batch = database.CreateBatch();
        batch.Add(
            """
            delete from schedules
            where tenant = $1 and org = $2 and project = $3 and (file, cron, ref) not in (select * from unnest($4::text[], $5::text[], $6::text[]))
            """,
            project.Tenant, project.Org, project.Name,
            schedules.Select(s => s.File).ToArray(), schedules.Select(s => s.Cron).ToArray(), schedules.Select(s => s.Ref).ToArray());
        foreach (var schedule in schedules)
        {
            batch.Add(
                "insert into schedules (tenant, org, project, file, cron, ref, next_at) values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
                project.Tenant, project.Org, project.Name, schedule.File, schedule.Cron, schedule.Ref, schedule.NextAt);
        }

        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Takes schedules that are due and that nobody holds. A tenant's that is disabled wait until it is not. Held for the lease: if the caller dies, another gets the same occurrence.</summary>
    public Task<IReadOnlyList<DueSchedule>> ClaimDue(DateTimeOffset now, int limit, TimeSpan lease, CancellationToken cancellationToken = default) => database.Command(
        """
        update schedules s set claimed_until = $3
        from (
            select id from schedules
            where next_at <= $1 and (claimed_until is null or claimed_until <= $1)
              and not exists (select from tenants t where t.tenant = schedules.tenant and not t.enabled)
            order by next_at limit $2 for update skip locked
        ) due
        where s.id = due.id
        returning s.id, s.tenant, s.org, s.project, s.file, s.cron, s.ref, s.next_at
        """,
        now, limit, now + lease)
        .All(
            row => new DueSchedule
            {
                Id = row.GetInt64(0),
                Project = new(row.GetString(1), row.GetString(2), row.GetString(3)),
                File = row.GetString(4),
                Cron = row.GetString(5),
                Ref = row.GetString(6),
                DueAt = row.Time(7),
            },
            cancellationToken);

    /// <summary>After the occurrence was started: gives the schedule its next time and frees it.</summary>
    /// <returns>False when somebody else has advanced it.</returns>
    public async Task<bool> Advance(DueSchedule due, DateTimeOffset? next, CancellationToken cancellationToken = default) => await database.Command(
        "update schedules set next_at = $3, claimed_until = null where id = $1 and next_at = $2", due.Id, due.DueAt, next).Execute(cancellationToken) > 0;
}
