using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;

namespace PRTS.Api.Builds;

/// <summary>
/// Spans of builds and jobs. They last longer than a process may live, so each is recorded when it has ended, from times that were kept,
/// and its id follows from what it stands for: children can name it before, and whoever records it a second time records the same span.
/// </summary>
public static class Spans
{
    public static readonly ActivitySource Source = new("PRTS");

    /// <summary>The W3C traceparent of the span that stands for <paramref name="what"/>, in the parent's trace; null when the parent is none.</summary>
    public static string? Context(string? parent, string what) => ActivityContext.TryParse(parent, null, out var context)
        ? $"00-{context.TraceId}-{IdOf(what)}-{(context.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) ? "01" : "00")}"
        : null;

    /// <summary>Records the span that stands for <paramref name="what"/>. Does nothing when nobody listens or the parent is no traceparent.</summary>
    /// <param name="error">Why it failed; null when it did not.</param>
    public static void Record(
        string name, string what, string? parent, DateTimeOffset start, DateTimeOffset end, string? error, params ReadOnlySpan<(string Key, object? Value)> tags)
    {
        if (!ActivityContext.TryParse(parent, null, isRemote: true, out var context))
            return;
        var around = Activity.Current;
        using (var span = Source.CreateActivity(name, ActivityKind.Internal, context))
        {
            if (span is null)
                return;
            foreach (var (key, value) in tags)
                span.SetTag(key, value);
            span.SetStatus(error is null ? ActivityStatusCode.Ok : ActivityStatusCode.Error, error);
            span.SetStartTime(start.UtcDateTime);
            span.Start();
            SpanId(span) = IdOf(what).ToHexString();
            span.SetEndTime((end > start ? end : start).UtcDateTime);
        }
        Activity.Current = around;
    }

    private static ActivitySpanId IdOf(string what) => ActivitySpanId.CreateFromBytes(SHA256.HashData(Encoding.UTF8.GetBytes(what)).AsSpan(0, 8));

    /// <summary>There is no public way to choose a span's id. A runtime without this field would fail the tests of traces.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_spanId")]
    private static extern ref string? SpanId(Activity activity);
}
