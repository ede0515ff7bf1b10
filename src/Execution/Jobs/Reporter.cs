using PRTS.Api.Builds;
using PRTS.Execution.Steps;
using PRTS.Supervisor.Masking;

namespace PRTS.Execution.Jobs;

/// <summary>Sends the history's events in order, for as long as it takes. Secrets in them are masked before they are written down.</summary>
internal sealed class Reporter(JobAssignment job, IJobSink sink, JobHistory history, Retry retry, Masks masks)
{
    private const int Batch = 200;
    private readonly Lock gate = new();
    private TaskCompletionSource changed = NewSignal();
    private TaskCompletionSource accepted = NewSignal();
    private int sent;

    /// <summary>Writes an event down and queues it; on a full disk it waits for room.</summary>
    public Task Add(Func<long, JobEvent> create, CancellationToken ct, IReadOnlyDictionary<string, string>? outputs = null) =>
        retry.Forever("write an event down", _ => Task.FromResult(Append(create, outputs)), ct);

    /// <summary>The same for events that are sent together. Only what is written down at all is told again after a crash.</summary>
    public Task Add(Func<long, IReadOnlyList<HistoryEntry>> create, CancellationToken ct) => retry.Forever("write events down", _ => Task.FromResult(AppendAll(create)), ct);

    /// <summary>Returns when all events up to this one are accepted.</summary>
    public async Task Accepted(long sequence, CancellationToken ct)
    {
        while (true)
        {
            var next = Volatile.Read(ref accepted).Task;
            if (Volatile.Read(ref sent) >= sequence)
                return;
            await next.WaitAsync(ct);
        }
    }

    /// <summary>Runs until <see cref="JobEnded"/> is accepted (true) or the attempt was taken over (false).</summary>
    public async Task<bool> Run(CancellationToken ct)
    {
        while (true)
        {
            var (events, more) = Unsent();
            if (events.Length == 0)
            {
                await more.WaitAsync(ct);
                continue;
            }
            if (!await retry.Forever("report events", token => sink.Report(job, events, token), ct))
                return false;
            Volatile.Write(ref sent, sent + events.Length);
            Interlocked.Exchange(ref accepted, NewSignal()).SetResult();
            if (events[^1] is JobEnded)
                return true;
        }
    }

    private bool Append(Func<long, JobEvent> create, IReadOnlyDictionary<string, string>? outputs)
    {
        lock (gate)
        {
            history.Append(Masked(create(history.NextSequence)), Masked(outputs));
            changed.TrySetResult();
            changed = NewSignal();
        }
        return true;
    }

    private bool AppendAll(Func<long, IReadOnlyList<HistoryEntry>> create)
    {
        lock (gate)
        {
            history.Append([.. create(history.NextSequence).Select(entry => new HistoryEntry(Masked(entry.Event), Masked(entry.Outputs)))]);
            changed.TrySetResult();
            changed = NewSignal();
        }
        return true;
    }

    private JobEvent Masked(JobEvent happened) => happened switch
    {
        StepStarted started => started with { Name = Masked(started.Name) },
        StepEnded ended => ended with { Reason = Masked(ended.Reason), Outputs = Masked(ended.Outputs) },
        JobEnded ended => ended with { Reason = Masked(ended.Reason), Outputs = Masked(ended.Outputs) },
        _ => happened,
    };

    /// <summary>A reason that decides how a job goes on has nothing of a pipeline in it, and stays as it is.</summary>
    private string? Masked(string? text) => text is null || Reasons.IsOwn(text) ? text : masks.Apply(text);

    private IReadOnlyDictionary<string, string>? Masked(IReadOnlyDictionary<string, string>? outputs) =>
        outputs is null || masks.IsEmpty ? outputs : outputs.ToDictionary(output => output.Key, output => masks.Apply(output.Value), StringComparer.Ordinal);

    private (JobEvent[] Events, Task More) Unsent()
    {
        lock (gate)
            return ([.. history.Entries.Skip(sent).Take(Batch).Select(entry => entry.Event)], changed.Task);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
