using System.Text.Json;
using PRTS.Api;
using PRTS.Api.Builds;

namespace PRTS.Execution.Jobs;

/// <summary>One line of the <c>events</c> file: an event and, where a step ended, the outputs it set.</summary>
internal sealed record HistoryEntry(JobEvent Event, IReadOnlyDictionary<string, string>? Outputs);

/// <summary>
/// All that happened to the attempt, kept on disk before it is reported, so that the next agent process goes on with the same numbers
/// and the same outputs.
/// </summary>
internal sealed class JobHistory : IDisposable
{
    private readonly FileStream file;
    private volatile IReadOnlyList<HistoryEntry> entries = [];
    private long length;

    public JobHistory(JobDirectory directory)
    {
        file = new FileStream(directory.Events, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        var read = new List<HistoryEntry>();
        foreach (var line in bytes.AsSpan().Split((byte)'\n'))
        {
            // A last line without its line feed was cut by a crash before anyone was told of it; more may be lost with the machine's power.
            if (line.End.Value == bytes.Length || Read(bytes.AsSpan(line)) is not { } entry)
                break;
            read.Add(entry);
            length = line.End.Value + 1;
        }
        file.SetLength(length);
        entries = read;
    }

    /// <summary>What the events file of another attempt says.</summary>
    public static IReadOnlyList<HistoryEntry> Read(string path) =>
        [.. File.ReadLines(path).Select(line => Read(System.Text.Encoding.UTF8.GetBytes(line))).TakeWhile(entry => entry is not null).Select(entry => entry!)];

    public IReadOnlyList<HistoryEntry> Entries => entries;

    public long NextSequence => entries.Count + 1;

    public JobStarted? Started => entries.Count > 0 ? entries[0].Event as JobStarted : null;

    public JobEnded? Ended => entries.Count > 0 ? entries[^1].Event as JobEnded : null;

    public StepStarted? StartOf(int step) => entries.Select(entry => entry.Event).OfType<StepStarted>().FirstOrDefault(e => e.Index == step);

    public StepClaimed? ClaimOf(int step) => entries.Select(entry => entry.Event).OfType<StepClaimed>().FirstOrDefault(e => e.Index == step);

    public StepEnded? EndOf(int step) => entries.Select(entry => entry.Event).OfType<StepEnded>().FirstOrDefault(e => e.Index == step);

    public IReadOnlyDictionary<string, string> OutputsOf(int step) =>
        entries.FirstOrDefault(entry => entry.Event is StepEnded ended && ended.Index == step)?.Outputs ?? Empty;

    /// <summary>May throw (a full disk) and be called again: a line half written is written over.</summary>
    public void Append(JobEvent happened, IReadOnlyDictionary<string, string>? outputs) => Append([new(happened, outputs)]);

    /// <summary>All of them or none.</summary>
    public void Append(IReadOnlyList<HistoryEntry> happened)
    {
        byte[] lines = [.. happened.SelectMany(entry => (byte[])[.. JsonSerializer.SerializeToUtf8Bytes(entry, ApiJson.Options), (byte)'\n'])];
        RandomAccess.Write(file.SafeFileHandle, lines, length);
        length += lines.Length;
        entries = [.. entries, .. happened]; // Others may be reading.
    }

    public void Dispose() => file.Dispose();

    private static HistoryEntry? Read(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize<HistoryEntry>(line, ApiJson.Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static readonly Dictionary<string, string> Empty = [];
}
