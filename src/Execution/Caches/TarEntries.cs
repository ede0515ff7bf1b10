using System.Formats.Tar;
using ZstdSharp;

namespace PRTS.Execution.Caches;

/// <summary>The entries of a cache's archive, one after the other. What an entry's content is not read of is passed over.</summary>
internal sealed class TarEntries : IAsyncDisposable
{
    private readonly DecompressionStream plain;
    private readonly TarHeaderLimit limited;
    private readonly TarReader archive;
    private TarEntry? last;

    public TarEntries(Stream source)
    {
        plain = new(source, leaveOpen: true);
        limited = new(plain);
        archive = new(limited, leaveOpen: true);
    }

    /// <summary>The reader's own refusals of headers come as several exceptions, not all of which it documents.</summary>
    /// <returns>Null: there are no more.</returns>
    /// <exception cref="InvalidDataException">It is no archive.</exception>
    /// <exception cref="ZstdException">It is not compressed as one.</exception>
    public async Task<TarEntry?> Next(CancellationToken ct)
    {
        try
        {
            if (last?.DataStream is { } rest) await rest.CopyToAsync(Stream.Null, ct);
            limited.BeginHeader();
            return last = await archive.GetNextEntryAsync(copyData: false, ct);
        }
        catch (Exception e) when (e is OverflowException or NotSupportedException or FormatException or ArgumentException or InvalidOperationException)
        {
            throw new InvalidDataException($"it is no archive of a cache: {e.Message}", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await archive.DisposeAsync();
        await limited.DisposeAsync();
        await plain.DisposeAsync();
    }
}
