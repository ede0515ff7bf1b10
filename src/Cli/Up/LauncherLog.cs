using System.Globalization;
using Microsoft.Win32.SafeHandles;
using PRTS.Cli.Processes;

namespace PRTS.Cli.Up;

/// <summary>What the launcher tells: to the user who watches, and to <c>logs/launcher.log</c>.</summary>
internal sealed class LauncherLog : IDisposable
{
    // Not the Console: that holds a duplicate of the descriptor, and whoever reads from us would wait for its end forever.
    private readonly StreamWriter output = new(new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0)) { AutoFlush = true };
    private readonly Lock gate = new();
    private string? file;
    private bool isDetached;

    /// <summary>From here on, everything is also written to the file.</summary>
    public void OpenFile(string path) => file = path;

    public void Tell(string line)
    {
        lock (gate)
        {
            if (!isDetached)
            {
                Show(line);
            }

            if (file is not null)
            {
                var time = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
                File.AppendAllText(file, $"{time} {line}\n");
            }
        }
    }

    /// <summary>To the user only.</summary>
    public void Show(string line)
    {
        try
        {
            output.WriteLine(line);
        }
        catch (IOException)
        {
            // Nobody reads any more; the file has it.
        }
    }

    /// <summary>The user has gone: only the file remains. The runtime's own last words go there, too.</summary>
    public void Detach()
    {
        lock (gate)
        {
            isDetached = true;
            Unix.RedirectOutput(file!);
        }
    }

    public void Dispose() => output.Dispose();
}
