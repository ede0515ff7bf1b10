using System.Collections.Concurrent;
using Npgsql;
using PRTS.Contracts.Projects;
using PRTS.Storage.Postgres;

namespace PRTS.Storage.Builds;

/// <summary>How long pipelines and their jobs take: medians of the last builds.</summary>
public sealed class UsualTimes(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>Of the pipeline's builds among the last hundred of the project, so many tell.</summary>
    private const int Sample = 10;

    /// <summary>Whoever watches a build reads it at each change; a median need not be newer than this.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(10);
    private readonly ConcurrentDictionary<(ProjectId Project, string File), (DateTimeOffset At, IReadOnlyDictionary<string, TimeSpan> Times)> known = [];

    /// <summary>Of the pipeline's jobs by key, of their successes.</summary>
    public async Task<IReadOnlyDictionary<string, TimeSpan>> OfJobs(ProjectId project, string file, CancellationToken cancellationToken = default)
    {
        var now = time.GetUtcNow();
        if (known.TryGetValue((project, file), out var last) && now - last.At < Fresh) return last.Times;
        var times = await ReadJobs(project, file, cancellationToken);
        foreach (var (key, old) in known)
        {
            if (now - old.At >= Fresh) known.TryRemove(key, out _);
        }

        // That there are none is true only until the first build ends.
        if (times.Count > 0) known[(project, file)] = (now, times);
        return times;
    }

    private async Task<IReadOnlyDictionary<string, TimeSpan>> ReadJobs(ProjectId project, string file, CancellationToken cancellationToken) => (await database.Command(
        """
        select j.key, percentile_cont(0.5) within group (order by extract(epoch from (j.doc->>'finishedAt')::timestamptz - (j.doc->>'startedAt')::timestamptz))::double precision
        from (
            select number from (
                select number, status, doc from builds where tenant = $1 and org = $2 and project = $3 order by number desc limit 100
            ) recent where status in ('succeeded', 'failed') and doc->>'file' = $4 order by number desc limit $5
        ) b join jobs j on j.tenant = $1 and j.org = $2 and j.project = $3 and j.number = b.number
        where j.doc->>'status' = 'succeeded' and j.doc ? 'startedAt' and j.doc ? 'finishedAt'
        group by j.key
        """,
        project.Tenant, project.Org, project.Name, file, Sample).All(row => (Key: row.GetString(0), Time: TimeSpan.FromSeconds(Math.Max(0, row.GetDouble(1)))), cancellationToken))
        .ToDictionary(job => job.Key, job => job.Time, StringComparer.Ordinal);

    /// <summary>Of the whole pipeline; null when it never succeeded.</summary>
    public async Task<TimeSpan?> OfBuild(ProjectId project, string file, CancellationToken cancellationToken = default) => (await database.Command(
        """
        select percentile_cont(0.5) within group (order by extract(epoch from (doc->>'finishedAt')::timestamptz - (doc->>'startedAt')::timestamptz))::double precision
        from (
            select doc from (
                select number, status, doc from builds where tenant = $1 and org = $2 and project = $3 order by number desc limit 100
            ) recent where status = 'succeeded' and doc->>'file' = $4 and doc ? 'startedAt' order by number desc limit $5
        ) b
        """,
        project.Tenant, project.Org, project.Name, file, Sample).All(row => row.IsDBNull(0) ? (TimeSpan?)null : TimeSpan.FromSeconds(Math.Max(0, row.GetDouble(0))), cancellationToken))[0];
}
