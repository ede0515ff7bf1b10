using System.Globalization;
using System.Text;
using Docker.DotNet.Models;
using PRTS.Execution.Native;
using PRTS.Execution.Steps;
using PRTS.Execution.Supervision;
using PRTS.Execution.Workspaces;
using PRTS.Pipelines.Planning;
using PRTS.Supervisor.Protocol;

namespace PRTS.Execution.Containers;

/// <summary>Steps run in the job's container; on this machine a relay stands for each (docs/adr/0006).</summary>
internal sealed class ContainerSteps(ContainerEngine engine, string container, Workspace workspace, string supervisor, LocalImage image) : IStepHost
{
    private const string OutOfMemoryReason = "out of memory: the container reached its limit, and the system killed a process of it";
    private const string Removed = "the job's container was removed";
    private const int LooksWhileAlive = 4;
    private const int MostLooks = 100;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenLooksAtTheEnd = TimeSpan.FromMilliseconds(50);
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly System.Collections.Frozen.FrozenSet<string> ReadOnlyOfBash =
        System.Collections.Frozen.FrozenSet.Create(StringComparer.Ordinal, "BASHOPTS", "BASH_VERSINFO", "EUID", "PPID", "SHELLOPTS", "UID");

    private long knownKills;

    public string Checkout => Sandbox.Checkout;

    public string Temporary => "/tmp";

    public Task<string> Lost { get; private set; } = new TaskCompletionSource<string>().Task;

    public string Fingerprint => image.Id;

    public Dictionary<string, string> Environment()
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var variable in image.Environment.Where(variable => variable.IndexOf('=', StringComparison.Ordinal) > 0))
            environment[variable[..variable.IndexOf('=', StringComparison.Ordinal)]] = variable[(variable.IndexOf('=', StringComparison.Ordinal) + 1)..];
        environment["CI"] = "true";
        return environment;
    }

    public string PathOf(string file) => $"{Sandbox.Files}/{file}";

    public (IReadOnlyList<string> Argv, string? Error) CommandLine(string shell, string script, string searchPath, string directory) => Shell.CommandLine(shell, script);

    /// <summary>Before the container starts: what its first process needs, and the FIFOs of every step.</summary>
    public void CreateFiles(IEnumerable<PlannedStep> steps)
    {
        using var init = typeof(ContainerSteps).Assembly.GetManifestResourceStream("PRTS.Execution.Containers.init.sh")!;
        using (var file = File.Create(Path.Combine(workspace.Steps, Sandbox.Init)))
            init.CopyTo(file);
        CreateFifo(ContainerFiles.Control);
        foreach (var step in steps.Where(step => step.Run is not null))
        {
            CreateFifo(ContainerFiles.Output(step.Index));
            CreateFifo(ContainerFiles.Exit(step.Index));
        }
    }

    /// <summary>From now on <see cref="Lost"/> tells.</summary>
    public ContainerSteps Watch()
    {
        Lost = UntilLost();
        return this;
    }

    public RunStep Launch(StepCommand command)
    {
        File.WriteAllText(Path.Combine(workspace.Steps, ContainerFiles.Command(command.Index)), Script(command), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        return new(
            command.Index,
            SupervisorProgram.CommandLine(supervisor, ["relay", workspace.Steps, command.Index.ToString(CultureInfo.InvariantCulture), .. command.Group < 0 ? (string[])[] : ["shared"]]),
            [.. SupervisorProgram.Environment().Select(variable => $"{variable.Key}={variable.Value}")],
            "/",
            -1,
            -1,
            command.Timeout is { } timeout ? Math.Max(1, (long)timeout.TotalMilliseconds) : -1,
            (long)command.Grace.TotalMilliseconds,
            command.Group,
            command.Label);
    }

    /// <summary>A relay that was killed leaves the step behind.</summary>
    public void Ended() => Control("kill KILL\n");

    public void EndedBeside(int step) => Control(string.Create(CultureInfo.InvariantCulture, $"kill KILL {step}\n"));

    private void Control(string line)
    {
        if (Linux.TryOpenFifo(Path.Combine(workspace.Steps, ContainerFiles.Control)) is not { } control)
            return;
        using var stream = new FileStream(control, FileAccess.Write, bufferSize: 0);
        stream.Write(Encoding.ASCII.GetBytes(line));
    }

    public async Task<string?> Explain(ProcessExited exited, CancellationToken ct)
    {
        try
        {
            var state = await State(exited, ct);
            var kills = OutOfMemory.Kills((int)state.Pid);
            var killed = state.OOMKilled || kills > knownKills;
            knownKills = kills;
            if (killed && (exited.Code == 137 || exited.Signal > 0))
                return OutOfMemoryReason;
            // Whoever had started what was killed may end with a code of its own, as make does.
            return Ending(state) ?? (killed ? $"{Reasons.Of(exited)}; {OutOfMemoryReason}" : null);
        }
        catch (EngineException e)
        {
            return e.IsMissing ? Removed : e.IsGone ? e.Message : null;
        }
    }

    private static string? Ending(State state) => state.Running ? null
        : state.OOMKilled ? OutOfMemoryReason
        : string.Create(CultureInfo.InvariantCulture, $"the job's container ended (exit code {state.ExitCode})");

    /// <summary>A relay is killed when the container ends, of which the engine may hear a little later.</summary>
    private async Task<State> State(ProcessExited exited, CancellationToken ct)
    {
        var state = await State(ct);
        for (var looks = 0; exited.Signal == Linux.SIGKILL && state.Running && looks < (IsAlive(state) ? LooksWhileAlive : MostLooks); looks++)
        {
            await Task.Delay(BetweenLooksAtTheEnd, ct);
            state = await State(ct);
        }
        return state;
    }

    private static bool IsAlive(State state) => ProcessIdentity.Read((int)state.Pid) is { State: not ('Z' or 'X') };

    private async Task<State> State(CancellationToken ct) =>
        (await engine.Ask("the job's container could not be looked at", client => client.Containers.InspectContainerAsync(container, ct))).State!;

    /// <summary>An engine that does not answer may be starting again, and may have kept the container.</summary>
    private async Task<string> UntilLost()
    {
        while (true)
        {
            try
            {
                await engine.Ask("the job's container could not be waited for", client => client.Containers.WaitContainerAsync(container, CancellationToken.None));
                if (Ending(await State(CancellationToken.None)) is { } reason)
                    return reason;
            }
            catch (EngineException e) when (e.IsMissing)
            {
                return Removed;
            }
            catch (EngineException)
            {
                await Task.Delay(BetweenLooks, CancellationToken.None);
            }
        }
    }

    private void CreateFifo(string name)
    {
        var path = Path.Combine(workspace.Steps, name);
        Linux.MakeFifo(path, Owner);
        workspace.User.TakeOver(path);
    }

    /// <summary>Sets what the step is to have and becomes its shell.</summary>
    private static string Script(StepCommand command)
    {
        var script = new StringBuilder();
        script.Append("cd ").Append(Quoted(command.Directory)).Append(" || exit 1\n");
        foreach (var (name, value) in command.Environment.Where(variable => CanExport(variable.Key)))
            script.Append("export ").Append(name).Append('=').Append(Quoted(value)).Append('\n');
        // Images may have what a shell refuses to set, and ends at: discovery.type, or UID where sh is bash.
        var others = string.Concat(command.Environment.Where(variable => !CanExport(variable.Key)).Select(variable => Quoted($"{variable.Key}={variable.Value}") + " "));
        var exec = others.Length == 0 ? "exec " : $"exec env {others}";
        if (command.Argv[0] == "bash")
            script.Append("command -v bash >/dev/null || ").Append(exec).Append("sh -e ").Append(Quoted(command.Argv[^1])).Append('\n');
        return script.Append(exec).AppendJoin(' ', command.Argv.Select(Quoted)).Append('\n').ToString();
    }

    private static bool CanExport(string name) =>
        (char.IsAsciiLetter(name[0]) || name[0] == '_') && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') && !ReadOnlyOfBash.Contains(name);

    private static string Quoted(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
