using System.Diagnostics;

namespace PRTS.Cli.Processes;

/// <summary>How to start and stop one of our long-running programs.</summary>
internal sealed record ChildDefinition
{
    public required string Name { get; init; }

    /// <summary><c>postgres</c>, <c>server</c> or <c>agent</c>.</summary>
    public required string Role { get; init; }
    public required string Program { get; init; }
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Added to our own environment; null removes a variable.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>(StringComparer.Ordinal);
    public string WorkingDirectory { get; init; } = "/";
    public UnixUser? User { get; init; }
    public int StopSignal { get; init; } = Unix.SigTerm;
    public int LastSignal { get; init; } = Unix.SigKill;
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Done before each start, for example to remove what a crash left.</summary>
    public Action BeforeStart { get; init; } = () => { };
}

/// <summary>
/// A program that we started. It lives in its own session, so that a Ctrl-C in our terminal reaches us alone and we stop things in
/// order, and writes straight to its log file, so that it goes on undisturbed when we are killed.
/// </summary>
internal sealed class Child(ChildDefinition definition, Home home) : IDisposable
{
    private Process? process;

    public ChildDefinition Definition => definition;
    public ProcessMark? Mark { get; private set; }
    public string LogFile => home.LogOf(definition.Name);
    public bool HasExited => process?.HasExited ?? true;

    public void Start()
    {
        definition.BeforeStart();
        RotateLog();
        var start = new ProcessStartInfo { FileName = "/bin/sh", WorkingDirectory = definition.WorkingDirectory };
        // All of them replace themselves (exec), so the process id stays that of the program.
        string[] prefix = ["-c", "exec setsid \"$@\" </dev/null >>\"$0\" 2>&1", LogFile];
        var user = definition.User is null ? [] : Run.AsUser(definition.User).Prepend("setpriv");
        foreach (var argument in prefix.Concat(user).Append(definition.Program).Concat(definition.Arguments))
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in definition.Environment)
        {
            start.Environment[name] = value;
        }

        process?.Dispose();
        process = Process.Start(start) ?? throw new UserError($"Cannot start {definition.Program}.");
        Mark = ProcessMark.Of(process.Id);
        if (Mark is not null)
        {
            home.Pid(definition.Name).Write(Mark);
        }
    }

    public async Task<int> WaitForExitAsync(CancellationToken cancellation)
    {
        await process!.WaitForExitAsync(cancellation);
        return process.ExitCode;
    }

    /// <summary>True when it ended by itself in time.</summary>
    public async Task<bool> StopAsync()
    {
        var clean = Mark is null || await Mark.StopAsync(definition.StopSignal, definition.StopTimeout, definition.LastSignal);
        home.Pid(definition.Name).Delete();
        return clean;
    }

    /// <summary>The last lines of the log, indented, for an error message.</summary>
    public string LogTail(int lines = 15)
    {
        if (!File.Exists(LogFile))
        {
            return "";
        }

        using var log = new FileStream(LogFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        log.Seek(-Math.Min(log.Length, 16 * 1024), SeekOrigin.End);
        var text = new StreamReader(log).ReadToEnd();
        return text.Length == 0 ? "    (it is empty)" : string.Join('\n', text.TrimEnd().Split('\n').TakeLast(lines).Select(line => $"    {line}"));
    }

    public void Dispose() => process?.Dispose();

    private void RotateLog()
    {
        var log = new FileInfo(LogFile);
        if (log.Exists && log.Length > 10 * 1024 * 1024)
        {
            File.Move(LogFile, LogFile + ".1", overwrite: true);
        }
    }
}
