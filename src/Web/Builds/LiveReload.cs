using PRTS.Contracts.Builds;

namespace PRTS.Web.Builds;

/// <summary>
/// Calls back when a build changed: at once after a quiet time, then at most every <see cref="Pause"/>. News may be lost, so it also
/// calls after <see cref="Silence"/> without any; that bridges a lost stream too.
/// </summary>
public sealed class LiveReload : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);
    private readonly CancellationTokenSource ended = new();
    private readonly SemaphoreSlim news = new(0, 1);
    private readonly TimeProvider time;

    /// <param name="changed">Handles its own failures.</param>
    public LiveReload(BuildHub hub, TimeProvider time, string tenant, BuildId? build, Func<Task> changed)
    {
        this.time = time;
        Build = build;
        _ = Listen(hub, tenant);
        _ = Tell(changed);
    }

    public BuildId? Build { get; }

    public void Dispose() => ended.Cancel();

    private async Task Listen(BuildHub hub, string tenant)
    {
        while (!ended.IsCancellationRequested)
        {
            try
            {
                await foreach (var _ in hub.Watch(tenant, Build, ended.Token)) Announce();
            }
            catch (Exception) when (!ended.IsCancellationRequested)
            {
                // The stream is away, for example while a server restarts; Tell looks by itself until it is back.
                await Wait(Silence);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task Tell(Func<Task> changed)
    {
        while (true)
        {
            await Task.WhenAny(news.WaitAsync(Silence, ended.Token));
            if (ended.IsCancellationRequested) return;
            await changed();
            await Wait(Pause);
        }
    }

    private void Announce()
    {
        lock (news)
        {
            if (news.CurrentCount == 0) news.Release();
        }
    }

    private async Task Wait(TimeSpan span) => await Task.Delay(span, time, ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
