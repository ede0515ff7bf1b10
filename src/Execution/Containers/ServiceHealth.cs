using System.Globalization;
using System.Net.Sockets;
using Docker.DotNet.Models;
using PRTS.Pipelines.Planning;

namespace PRTS.Execution.Containers;

/// <summary>
/// Waits until a service is ready: until its health command (the pipeline's, else the image's) succeeds; without one, until it listens
/// on the ports that the pipeline names; without those, a while until it listens on one of those that the image exposes.
/// </summary>
internal sealed class ServiceHealth(ContainerEngine engine, PlannedContainer service, string container, string network, TimeProvider clock)
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PatienceWithPorts = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan PatienceWithExposed = TimeSpan.FromSeconds(20);
    private const int LinesOfLog = 20;
    private const int CharactersOfLog = 1500;

    /// <exception cref="EngineException">It ended, or did not become ready; with its last words.</exception>
    public async Task Wait(CancellationToken ct)
    {
        var state = await Inspect(ct);
        if (Command(state) is { } command)
            await WaitForCommand(command, service.Health ?? new() { Command = "" }, ct);
        else
            await WaitForPorts(state, ct);
    }

    private async Task WaitForCommand(IReadOnlyList<string> command, PlannedHealth health, CancellationToken ct)
    {
        for (var tries = 1; ; tries++)
        {
            if (await Succeeds(command, health.Timeout, ct))
                return;
            await CheckRunning(ct);
            if (tries >= health.Retries)
                throw await Failure($"did not become healthy: {string.Join(' ', command.Skip(1))} failed {tries} times", ct);
            await Task.Delay(health.Interval, clock, ct);
        }
    }

    private async Task WaitForPorts(ContainerInspectResponse state, CancellationToken ct)
    {
        var started = clock.GetTimestamp();
        var address = state.NetworkSettings!.Networks![network].IPAddress;
        var exposed = service.Ports.Count > 0 ? [] : Exposed(state);
        // What an image exposes says what it may listen on, so nothing fails when it does not.
        while (exposed.Count > 0 && clock.GetElapsedTime(started) < PatienceWithExposed && !(await Task.WhenAll(exposed.Select(port => Listens(address, port, ct)))).Contains(true))
        {
            await CheckRunning(ct);
            await Task.Delay(BetweenLooks, clock, ct);
        }
        foreach (var port in service.Ports)
        {
            while (!await Listens(address, port, ct))
            {
                await CheckRunning(ct);
                if (clock.GetElapsedTime(started) > PatienceWithPorts)
                    throw await Failure(string.Create(CultureInfo.InvariantCulture, $"did not listen on port {port} within {PatienceWithPorts.TotalSeconds:0} s"), ct);
                await Task.Delay(BetweenLooks, clock, ct);
            }
        }
        await CheckRunning(ct);
    }

    private static IReadOnlyList<int> Exposed(ContainerInspectResponse state) =>
        [.. (state.Config?.ExposedPorts?.Keys ?? []).Select(port => port.Split('/')).Where(port => port is [_] or [_, "tcp"] && int.TryParse(port[0], NumberStyles.None, CultureInfo.InvariantCulture, out _))
            .Select(port => int.Parse(port[0], CultureInfo.InvariantCulture))];

    private IReadOnlyList<string>? Command(ContainerInspectResponse state) => service.Health is { } health
        ? ["/bin/sh", "-c", health.Command]
        : state.Config?.Healthcheck?.Test?.ToArray() switch
        {
            ["CMD-SHELL", var command] => ["/bin/sh", "-c", command],
            ["CMD", .. var command] => [.. command],
            _ => null,
        };

    private async Task<bool> Succeeds(IReadOnlyList<string> command, TimeSpan timeout, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(timeout);
        try
        {
            var exec = await engine.Ask($"the service {service.Name} could not be asked", client =>
                client.Exec.CreateContainerExecAsync(container, new ContainerExecCreateParameters { Cmd = [.. command], AttachStdout = true, AttachStderr = true }, limit.Token));
            using var output = await engine.Ask($"the service {service.Name} could not be asked", client =>
                client.Exec.StartContainerExecAsync(exec.ID, new ContainerExecStartParameters(), limit.Token));
            await output.CopyOutputToAsync(Stream.Null, Stream.Null, Stream.Null, limit.Token);
            return (await engine.Ask($"the service {service.Name} could not be asked", client => client.Exec.InspectContainerExecAsync(exec.ID, limit.Token))).ExitCode == 0;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return false;
        }
        catch (EngineException e) when (!e.IsGone)
        {
            return false; // It is not running (any more): the caller looks.
        }
    }

    private static async Task<bool> Listens(string address, int port, CancellationToken ct)
    {
        if (address.Length == 0)
            return false; // It ended already.
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(address, port, ct);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private Task<ContainerInspectResponse> Inspect(CancellationToken ct) =>
        engine.Ask($"the service {service.Name} could not be looked at", client => client.Containers.InspectContainerAsync(container, ct));

    private async Task CheckRunning(CancellationToken ct)
    {
        var state = (await Inspect(ct)).State!;
        if (!state.Running)
            throw await Failure(state.OOMKilled ? "ran out of memory before it was ready" : string.Create(CultureInfo.InvariantCulture, $"ended with exit code {state.ExitCode} before it was ready"), ct);
    }

    private async Task<EngineException> Failure(string what, CancellationToken ct)
    {
        using var log = await engine.Ask($"the log of the service {service.Name} could not be read", client => client.Containers.GetContainerLogsAsync(
            container, new ContainerLogsParameters { ShowStdout = true, ShowStderr = true, Tail = LinesOfLog.ToString(CultureInfo.InvariantCulture) }, ct));
        var (output, errors) = await log.ReadOutputToEndAsync(ct);
        var words = (output + errors).Trim();
        if (words.Length > CharactersOfLog)
            words = "…" + words[^CharactersOfLog..];
        return new($"the service {service.Name} ({service.Image}) {what}{(words.Length == 0 ? "; it wrote nothing" : "; its last lines:\n" + words)}");
    }
}
