using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Contracts.Builds;

namespace PRTS.Grains.Builds;

/// <summary>The build's span: a child of what triggered it, and the parent of its jobs. Recorded when the build ends; a crash just then loses it.</summary>
internal static class BuildTrace
{
    public static string? ContextOf(BuildId id, BuildRequest request) => Spans.Context(request.TraceParent, id.Key);

    public static void Record(BuildId id, BuildState state) => Spans.Record(
        "build", id.Key, state.Request!.TraceParent, state.Request.CreatedAt, state.FinishedAt ?? state.Request.CreatedAt,
        state.Status is RunStatus.Failed or RunStatus.Invalid ? state.Reason ?? "failed" : null,
        ("prts.build", id.ToString()), ("prts.pipeline", state.Request.Name), ("prts.event", state.Request.Event.Kind), ("prts.ref", state.Request.Event.Ref),
        ("prts.commit", state.Request.Event.Commit), ("prts.status", state.Status.ToString().ToLowerInvariant()));
}
