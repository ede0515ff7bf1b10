using PRTS.Cli.Processes;

namespace PRTS.Cli.Up;

/// <summary>Holds the programs of one PRTS: starts them in order, keeps them running, and stops them in reverse.</summary>
internal sealed class Launcher(Home home, Action<string> tell) : IDisposable
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>A program that ran this long has not failed at its start.</summary>
    private static readonly TimeSpan Stable = TimeSpan.FromMinutes(1);

    private readonly List<Child> children = [];

    /// <summary>Starts a program and waits until it is of use; throws with the end of its log when it never is.</summary>
    public async Task StartAsync(ChildDefinition definition, Func<Child, CancellationToken, Task<bool>> isReady, TimeSpan timeout, CancellationToken cancellation)
    {
        var child = new Child(definition, home);
        children.Add(child);
        child.Start();
        var started = TimeProvider.System.GetTimestamp();
        while (!await isReady(child, cancellation))
        {
            if (child.HasExited)
            {
                var code = await child.WaitForExitAsync(cancellation);
                throw new UserError($"{definition.Name} does not start ({DescribeExit(code)}). The end of {child.LogFile}:\n{child.LogTail()}");
            }

            if (TimeProvider.System.GetElapsedTime(started) > timeout)
            {
                throw new UserError($"{definition.Name} is not ready after {timeout.TotalSeconds:0} s. The end of {child.LogFile}:\n{child.LogTail()}");
            }

            await Task.Delay(25, cancellation);
        }
    }

    /// <summary>Starts again what ends by itself, until canceled.</summary>
    public Task KeepRunningAsync(CancellationToken cancellation) => Task.WhenAll(children.Select(child => KeepRunningAsync(child, cancellation)));

    /// <summary>The last started is stopped first.</summary>
    public async Task StopAllAsync()
    {
        foreach (var child in Enumerable.Reverse(children))
        {
            var clean = await child.StopAsync();
            if (!clean)
            {
                tell($"{child.Definition.Name} did not stop in {child.Definition.StopTimeout.TotalSeconds:0} s and was killed");
            }

            if (child.Definition.Role == "agent")
            {
                await JobSupervisors.StopAsync(home, tell);
            }
        }
    }

    public void Dispose() => children.ForEach(child => child.Dispose());

    private async Task KeepRunningAsync(Child child, CancellationToken cancellation)
    {
        var pause = TimeSpan.Zero;
        try
        {
            while (true)
            {
                var started = TimeProvider.System.GetTimestamp();
                var code = await child.WaitForExitAsync(cancellation);
                pause = TimeProvider.System.GetElapsedTime(started) > Stable || pause == TimeSpan.Zero
                    ? TimeSpan.FromMilliseconds(250)
                    : TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks));
                tell($"{child.Definition.Name} ended ({DescribeExit(code)}): starting it again in {pause.TotalSeconds:0.##} s; its log is {child.LogFile}");
                await Task.Delay(pause, cancellation);
                child.Start();
            }
        }
        catch (OperationCanceledException)
        {
            // Asked to stop.
        }
    }

    private static string DescribeExit(int code) => code > 128 ? $"signal {code - 128}" : $"exit code {code}";
}
