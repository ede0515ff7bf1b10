using System.Text;
using PRTS.Supervisor.Protocol;

namespace PRTS.Supervisor;

/// <summary>
/// Appends to the journal. It must survive every process, not the machine (after a restart of the machine the agent declares the job
/// failed without asking the journal), so nothing is synced to the disk.
/// </summary>
internal sealed class Journal : IDisposable
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(250);
    private readonly FileStream file;
    private readonly Bell bell;
    private readonly object gate = new();

    private Journal(FileStream file, Bell bell) => (this.file, this.bell) = (file, bell);

    /// <summary>Null when there is a journal: a second supervisor could run a step twice.</summary>
    public static Journal? TryCreate(string path, Bell bell)
    {
        try
        {
            return new(new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                Share = FileShare.ReadWrite | FileShare.Delete,
                BufferSize = 0,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }), bell);
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
    }

    /// <summary>Returns when the record is written; on a full disk, when there is room again.</summary>
    public void Append(JournalRecord record)
    {
        var line = Encoding.ASCII.GetBytes(record.ToLine());
        lock (gate)
        {
            var position = file.Length;
            while (!TryWrite(line, position))
            {
                bell.Ring(spool: SpoolState.DiskFull);
                Monitor.Wait(gate, RetryAfter);
            }
            bell.Ring(journalLength: position + line.Length);
        }
    }

    public void Dispose() => file.Dispose();

    private bool TryWrite(byte[] line, long position)
    {
        try
        {
            RandomAccess.Write(file.SafeFileHandle, line, position);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
