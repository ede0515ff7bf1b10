using System.Collections.Concurrent;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Contracts;
using PRTS.Contracts.Agents;
using PRTS.Contracts.Builds;

namespace PRTS.Grains.Tests.Cluster;

/// <summary>
/// An agent without processes. A step's <c>run</c> says what becomes of it: <c>false</c> fails, <c>wait</c> runs until it is canceled
/// or released, <c>output NAME=VALUE</c> has an output, all else succeeds. It reports as a real agent does: in order, repeated until
/// it is answered.
/// </summary>
public sealed class FakeAgent(IGrainFactory grains, string tenant, string name) : IAgentJobs
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<RunStatus>> running = new(StringComparer.Ordinal);

    public ConcurrentDictionary<string, JobAssignment> Seen { get; } = new(StringComparer.Ordinal);

    /// <summary>How often each attempt was started anew.</summary>
    public ConcurrentDictionary<string, int> Starts { get; } = new(StringComparer.Ordinal);

    public ConcurrentBag<string> Fenced { get; } = [];

    public Exception? Failure { get; private set; }

    public IReadOnlyList<string> Running => [.. running.Keys];

    public Task Hello(int slots = 8) => grains.Agents(tenant).Hello(new()
    {
        Name = name,
        Session = "session-1",
        Labels = ["linux", "x64", name],
        Slots = slots,
        Version = "0.1.0",
        Running = Running,
    });

    public Task<AgentOrders> Beat() => grains.Agents(tenant).Beat(new() { Name = name, Session = "session-1", Running = Running });

    public bool Start(JobAssignment assignment)
    {
        if (Seen.TryAdd(assignment.Attempt, assignment)) _ = Observe(assignment);
        return true;
    }

    public void Cancel(string attempt, string reason)
    {
        if (running.TryGetValue(attempt, out var end)) end.TrySetResult(RunStatus.Canceled);
    }

    /// <summary>Lets a job that waits succeed.</summary>
    public void Release(string attempt)
    {
        if (running.TryGetValue(attempt, out var end)) end.TrySetResult(RunStatus.Succeeded);
    }

    private async Task Observe(JobAssignment assignment)
    {
        try
        {
            await Run(assignment);
        }
        catch (Exception failure)
        {
            Failure = failure;
        }
    }

    private async Task Run(JobAssignment assignment)
    {
        await Task.Yield();
        Starts.AddOrUpdate(assignment.Attempt, 1, (_, count) => count + 1);
        var waiting = running[assignment.Attempt] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var sequence = 0L;
        var at = Plans.Now;
        await Report(assignment, new JobStarted { Sequence = ++sequence, At = at }, new StepStarted { Sequence = ++sequence, At = at, Index = 0, LogStart = 0 });
        var run = assignment.Job.Steps[0].Run!;
        var status = run switch
        {
            "false" => RunStatus.Failed,
            "wait" => await waiting.Task,
            _ => RunStatus.Succeeded,
        };
        var outputs = run.StartsWith("output ", StringComparison.Ordinal) && run["output ".Length..].Split('=') is [var key, var value]
            ? new Dictionary<string, string>(StringComparer.Ordinal) { [key] = value }
            : null;
        await Report(
            assignment,
            new StepEnded { Sequence = ++sequence, At = at, Index = 0, Status = status, ExitCode = status == RunStatus.Succeeded ? 0 : 1, LogEnd = 0 },
            new JobEnded { Sequence = ++sequence, At = at, Status = status, LogLength = 0, Outputs = outputs, Reason = status == RunStatus.Failed ? "Step 'false' ended with exit code 1." : null });
        running.TryRemove(assignment.Attempt, out _);
    }

    private async Task Report(JobAssignment assignment, params JobEvent[] events)
    {
        var job = grains.Job(AttemptId.FromKey(assignment.Attempt).Job);
        while (true)
        {
            try
            {
                if (!await job.Report(assignment.Token, events)) Fenced.Add(assignment.Attempt);
                return;
            }
            catch (Exception unknown) when (unknown is TimeoutException or OrleansException)
            {
                await Task.Delay(50);
            }
        }
    }
}
