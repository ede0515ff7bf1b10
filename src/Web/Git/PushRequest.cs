using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace PRTS.Web.Git;

/// <summary>What a push wants of one ref. Object ids are hexadecimal; null: there is none, so the ref is made or removed.</summary>
public sealed record RefUpdate(string Ref, string? Old, string? New);

/// <summary>
/// The head of a push: a list of lines (gitprotocol-pack, "Reference Update Request"), behind which its objects come. The head is read before
/// git gets any of it, and git gets the same bytes, so what was judged is what is done.
/// </summary>
public sealed partial class PushRequest
{
    /// <summary>Bytes of all lines: about 100,000 refs.</summary>
    private const int Longest = 16 << 20;
    private const int LengthDigits = 4;
    private const int LongestLine = 65_520;

    /// <summary>What a line of the first side band can carry beside its own length and band.</summary>
    private const int LongestPiece = LongestLine - LengthDigits - 1;

    private readonly HashSet<string> capabilities;

    private PushRequest(GitInput input, IReadOnlyList<RefUpdate> updates, HashSet<string> capabilities) => (Input, Updates, this.capabilities) = (input, updates, capabilities);

    /// <summary>All of the request, from its first byte.</summary>
    public GitInput Input { get; }

    /// <summary>None where a client only tries whether it may.</summary>
    public IReadOnlyList<RefUpdate> Updates { get; }

    /// <summary>Whether the client understands <see cref="Refusal"/>.</summary>
    public bool TakesReport => capabilities.Contains("report-status") || capabilities.Contains("report-status-v2");

    /// <exception cref="InvalidDataException">It is no push, with what is wrong in a sentence.</exception>
    public static async Task<PushRequest> Read(HttpRequest request, CancellationToken cancellationToken)
    {
        var isPacked = request.Headers.ContentEncoding.ToString() is "gzip" or "x-gzip";
        var body = isPacked ? new GZipStream(request.Body, CompressionMode.Decompress) : request.Body;
        using var head = new MemoryStream();
        var updates = new List<RefUpdate>();
        var can = new HashSet<string>(StringComparer.Ordinal);
        while (await ReadLine(body, head, cancellationToken) is { } line)
        {
            var parts = line.Split('\0', 2);
            if (parts.Length == 2) can.UnionWith(parts[1].TrimEnd('\n').Split(' ', StringSplitOptions.RemoveEmptyEntries));
            var text = parts[0].TrimEnd('\n');
            if (text.StartsWith("shallow ", StringComparison.Ordinal)) continue;
            if (text.StartsWith("push-cert", StringComparison.Ordinal)) throw new InvalidDataException("Signed pushes are not taken here; push without --signed.");
            if (Command().Match(text) is not { Success: true } command) throw new InvalidDataException("A line of the push is not what git sends: two object ids and a ref.");
            updates.Add(new(command.Groups["ref"].Value, Id(command.Groups["old"].Value), Id(command.Groups["new"].Value)));
        }

        return new(new(head.ToArray(), body, IsChanged: isPacked), updates, can);
    }

    /// <summary>The answer to a push of which nothing was done, as git shows it to its user.</summary>
    /// <param name="reasons">By ref, in a few words.</param>
    /// <param name="text">For the user, in sentences.</param>
    public byte[] Refusal(IReadOnlyDictionary<string, string> reasons, string text)
    {
        using var report = new MemoryStream();
        WriteLine(report, "unpack ok\n"u8);
        foreach (var (name, reason) in reasons) WriteLine(report, Encoding.UTF8.GetBytes($"ng {name} {reason}\n"));
        report.Write("0000"u8);
        if (!capabilities.Contains("side-band-64k")) return report.ToArray();
        using var bands = new MemoryStream();
        WriteLine(bands, [2, .. Encoding.UTF8.GetBytes(text + "\n")]);
        foreach (var piece in report.ToArray().Chunk(LongestPiece)) WriteLine(bands, [1, .. piece]);
        bands.Write("0000"u8);
        return bands.ToArray();
    }

    private static void WriteLine(MemoryStream to, ReadOnlySpan<byte> line)
    {
        to.Write(Encoding.ASCII.GetBytes((line.Length + LengthDigits).ToString("x4", CultureInfo.InvariantCulture)));
        to.Write(line);
    }

    /// <returns>Null: the list has ended.</returns>
    private static async Task<string?> ReadLine(Stream body, MemoryStream head, CancellationToken cancellationToken)
    {
        var digits = await Take(body, LengthDigits, head, cancellationToken);
        if (!ushort.TryParse(Encoding.ASCII.GetString(digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var length)) throw new InvalidDataException("The push does not begin with git's lines.");
        return length == 0 ? null
            : length is <= LengthDigits or > LongestLine ? throw new InvalidDataException("A line of the push has a length that none can have.")
            : Encoding.UTF8.GetString(await Take(body, length - LengthDigits, head, cancellationToken));
    }

    private static async Task<byte[]> Take(Stream body, int count, MemoryStream head, CancellationToken cancellationToken)
    {
        if (head.Length + count > Longest) throw new InvalidDataException("The push is for too many refs at once. Push them in several parts.");
        var bytes = new byte[count];
        if (await body.ReadAtLeastAsync(bytes, count, throwOnEndOfStream: false, cancellationToken) < count) throw new InvalidDataException("The push ends before the list of its refs does.");
        head.Write(bytes);
        return bytes;
    }

    private static string? Id(string hex) => hex.All(digit => digit == '0') ? null : hex;

    [GeneratedRegex(@"\A(?<old>[0-9a-f]{40}|[0-9a-f]{64}) (?<new>[0-9a-f]{40}|[0-9a-f]{64}) (?<ref>[^\x00-\x20\x7f]{1,1000})\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Command();
}

/// <summary>What git reads: bytes that were read already, and the rest of the request.</summary>
/// <param name="IsChanged">These are not the request's own bytes, so what its header says about them does not hold.</param>
public sealed record GitInput(ReadOnlyMemory<byte> Head, Stream Rest, bool IsChanged)
{
    public static GitInput Of(HttpRequest request) => new(default, request.Body, IsChanged: false);

    public async Task CopyTo(Stream target, int buffer, CancellationToken cancellationToken)
    {
        await target.WriteAsync(Head, cancellationToken);
        await Rest.CopyToAsync(target, buffer, cancellationToken);
    }
}
