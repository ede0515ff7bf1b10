using System.Text;
using Npgsql;
using PRTS.Audit;
using PRTS.Storage.Postgres;

namespace PRTS.Storage.Audit;

/// <summary>
/// What this process appends to one tenant's log. While one statement is under way, those who come wait for it and then go together in the next:
/// whoever comes alone waits for one commit, and many at once share one.
/// </summary>
internal sealed class AuditAppends(NpgsqlDataSource database, string tenant)
{
    private const int MostTogether = 256;

    /// <summary>So many wait only when the database hardly answers: then it is better to refuse at once.</summary>
    private const int MostWaiting = 10_000;

    /// <summary>Seconds. Whoever waits for the log is a request that somebody waits for.</summary>
    private const int Patience = 10;
    private readonly Lock guard = new();
    private readonly Queue<Pending> waiting = new();
    private bool isWriting;

    private sealed record Pending(AuditEntry Entry, TaskCompletionSource<AuditEntry> Written);

    public Task<AuditEntry> Append(AuditEntry entry)
    {
        var pending = new Pending(entry, new(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (guard)
        {
            if (waiting.Count >= MostWaiting) throw new AuditUnavailableException("The audit log cannot keep up: too many entries wait to be written, so the operation was refused.");
            waiting.Enqueue(pending);
            if (isWriting) return pending.Written.Task;
            isWriting = true;
        }

        _ = WriteAll();
        return pending.Written.Task;
    }

    /// <summary>Never fails itself: whatever happens, those who wait are told.</summary>
    private async Task WriteAll()
    {
        while (Next() is { Count: > 0 } together)
        {
            try
            {
                var first = await Write(together);
                foreach (var (index, pending) in together.Index()) pending.Written.SetResult(pending.Entry with { Sequence = first + index });
            }
            catch (Exception failure)
            {
                foreach (var pending in together) pending.Written.SetException(new AuditUnavailableException("The audit log could not be written, so the operation was refused.", failure));
            }
        }
    }

    private List<Pending> Next()
    {
        lock (guard)
        {
            var together = new List<Pending>(Math.Min(waiting.Count, MostTogether));
            while (together.Count < MostTogether && waiting.TryDequeue(out var pending)) together.Add(pending);
            isWriting = together.Count > 0;
            return together;
        }
    }

    private async Task<long> Write(List<Pending> together)
    {
        var count = together.Count;
        var (times, beginnings, ends) = (new DateTime[count], new byte[count][], new byte[count][]);
        var (actors, actions, targets, scopes) = (new string[count], new string[count], new string[count], new string[count]);
        var (outcomes, words) = (new string[count], new string[count]);
        foreach (var (index, (entry, _)) in together.Index())
        {
            var (beginning, end) = Canonical.Around(entry);
            (times[index], beginnings[index], ends[index]) = (entry.At.UtcDateTime, Encoding.UTF8.GetBytes(beginning), Encoding.UTF8.GetBytes(end));
            (actors[index], actions[index], targets[index], scopes[index]) = (AuditTerms.Actor(entry), entry.Action, AuditTerms.Target(entry), AuditTerms.Scope(entry));
            (outcomes[index], words[index]) = (Canonical.Name(entry.Outcome), AuditTerms.Words(entry));
        }

        var command = database.Command(
            "select audit_append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", tenant, times, actors, actions, targets, scopes, outcomes, words, beginnings, ends);
        command.CommandTimeout = Patience;
        return await command.First(row => row.GetInt64(0), CancellationToken.None);
    }
}
