using System.Globalization;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Pipelines.Planning;
using PRTS.Supervisor.Protocol;

namespace PRTS.Execution.Jobs;

/// <summary>
/// The job's part of the build's trace: the job, its checkout, its supervisor and its steps. The supervisor carries no telemetry: it
/// journals times. All of it is recorded at the job's end, by whichever agent process sees that.
/// </summary>
internal sealed class JobTrace(JobDirectory directory, JobHistory history)
{
    private JobAssignment Job => directory.Job;

    private string JobSpan => Job.Attempt;

    /// <summary>What the step gets as TRACEPARENT.</summary>
    public string? ContextOf(PlannedStep step) => Spans.Context(Job.TraceParent, Of(step));

    public void Record(JobEnded ended)
    {
        var started = history.Started?.At ?? ended.At;
        Spans.Record(
            "job", JobSpan, Job.TraceParent, started, ended.At, ErrorOf(ended.Status, ended.Reason),
            ("prts.job", Job.Job.Name), ("prts.attempt", Job.Attempt), ("prts.status", Word(ended.Status)));
        var job = Spans.Context(Job.TraceParent, JobSpan);
        if (directory.CheckoutEnded is { } checkedOut)
            Spans.Record("checkout", JobSpan + "/checkout", job, started, checkedOut, null, ("prts.commit", Job.Event.Commit));
        if (directory.SupervisorStarted is var (process, at) && directory.ReadJournal() is [.., var last])
        {
            Spans.Record(
                "supervisor", JobSpan + "/supervisor", job, at, DateTimeOffset.FromUnixTimeMilliseconds(last.At), null,
                ("process.pid", process.Pid), ("prts.processes", directory.ReadJournal().OfType<ProcessStarted>().Count()));
        }
        foreach (var step in Job.Job.Steps)
        {
            if (history.StartOf(step.Index) is { } begun && history.EndOf(step.Index) is { } end)
            {
                Spans.Record(
                    "step", Of(step), job, begun.At, end.At, ErrorOf(end.Status, end.Reason),
                    ("prts.step", begun.Name ?? step.Name), ("prts.step.index", step.Index), ("prts.exit_code", end.ExitCode), ("prts.status", Word(end.Status)));
            }
        }
    }

    private string Of(PlannedStep step) => string.Create(CultureInfo.InvariantCulture, $"{JobSpan}/step/{step.Index}");

    private static string? ErrorOf(RunStatus status, string? reason) => status == RunStatus.Failed ? reason ?? "failed" : null;

    private static string Word(RunStatus status) => status.ToString().ToLowerInvariant();
}
