using System.Text;

namespace PRTS.Execution.Jobs;

/// <summary>
/// The attempts that ended here, so that a late second order to start one runs nothing again. Kept in a file beside the jobs' directory, one
/// a line; only the newest, because an order is not on its way for longer than minutes.
/// </summary>
internal sealed class EndedAttempts
{
    public const int Kept = 4096;
    private readonly Lock gate = new();
    private readonly HashSet<string> known = new(StringComparer.Ordinal);
    private readonly Queue<string> order = [];
    private readonly string path;
    private int lines;

    public EndedAttempts(ExecutionOptions options)
    {
        path = options.JobsDirectory + ".ended";
        if (!File.Exists(path))
            return;
        var text = File.ReadAllText(path);
        // What a crash left of a last line names no attempt; the line itself must not grow into the next one's.
        var whole = text[..(text.LastIndexOf('\n') + 1)];
        foreach (var attempt in whole.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            Remember(attempt);
        if (whole.Length < text.Length)
            Rewrite();
    }

    public bool Contains(string attempt)
    {
        lock (gate)
            return known.Contains(attempt);
    }

    /// <summary>Known from now on, and after a restart too unless writing it down fails, which throws.</summary>
    public void Add(string attempt)
    {
        lock (gate)
        {
            if (!Remember(attempt))
                return;
            if (lines > 2 * Kept)
                Rewrite();
            else
                Append(path, [attempt]);
        }
    }

    private bool Remember(string attempt)
    {
        if (!known.Add(attempt))
            return false;
        order.Enqueue(attempt);
        lines++;
        if (order.Count > Kept)
            known.Remove(order.Dequeue());
        return true;
    }

    private void Rewrite()
    {
        File.Delete(path + ".new");
        Append(path + ".new", order);
        File.Move(path + ".new", path, overwrite: true);
        lines = order.Count;
    }

    /// <summary>Steps of other projects are not to read what ran here.</summary>
    private static void Append(string file, IEnumerable<string> attempts)
    {
        using var stream = new FileStream(file, new FileStreamOptions
        {
            Mode = FileMode.Append,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        stream.Write(Encoding.UTF8.GetBytes(string.Concat(attempts.Select(attempt => attempt + "\n"))));
    }
}
