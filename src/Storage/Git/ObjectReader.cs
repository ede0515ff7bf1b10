using System.Buffers.Text;
using System.Text;

namespace PRTS.Storage.Git;

internal sealed record GitObject(string Sha, string Type, ReadOnlyMemory<byte> Content);

/// <summary>A conversation with <c>git cat-file --batch</c>: one process for any number of objects. Its output is read in small pieces, so it is buffered.</summary>
internal sealed class ObjectReader(Stream input, BufferedStream output, CancellationToken cancellationToken)
{
    public static readonly string[] Command = ["cat-file", "--batch"];

    /// <summary>The object, or null when there is none or it is larger than the limit.</summary>
    /// <param name="name">A hash, or <c>hash:path</c>; without line feeds.</param>
    /// <param name="limit">Bytes.</param>
    /// <param name="cut">Of an object that is larger, the bytes up to the limit are wanted.</param>
    public async Task<GitObject?> Read(string name, int limit, bool cut = false)
    {
        await input.WriteAsync(Encoding.UTF8.GetBytes(name + "\n"), cancellationToken);
        await input.FlushAsync(cancellationToken);
        var header = await Line();
        if (header.Split(' ') is not [var sha, var type, var size]) return null;
        var length = long.Parse(size, System.Globalization.CultureInfo.InvariantCulture);
        if (length > limit && !cut)
        {
            await Skip(length + 1);
            return null;
        }

        var content = new byte[Math.Min(length, limit)];
        await output.ReadExactlyAsync(content, cancellationToken);
        await Skip(length - content.Length + 1);
        return new(sha, type, content);
    }

    private async Task<string> Line()
    {
        var line = new List<byte>(80);
        var one = new byte[1];
        while (true)
        {
            if (await output.ReadAsync(one, cancellationToken) == 0) throw new GitException(Command[0], "it ended early");
            if (one[0] == '\n') return Encoding.UTF8.GetString([.. line]);
            line.Add(one[0]);
        }
    }

    private async Task Skip(long count)
    {
        var buffer = new byte[Math.Min(64 * 1024, count)];
        while (count > 0)
        {
            var read = await output.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, count)), cancellationToken);
            if (read == 0) throw new GitException(Command[0], "it ended early");
            count -= read;
        }
    }
}

/// <summary>The formats of git's tree and commit objects, as far as we read them.</summary>
internal static class GitObjects
{
    public readonly record struct TreeEntry(string Mode, string Name, string Sha)
    {
        public bool IsFile => Mode is "100644" or "100755";
    }

    /// <summary>Entries are <c>mode SP name NUL</c> and the 20 bytes of the hash.</summary>
    public static IEnumerable<TreeEntry> Tree(ReadOnlyMemory<byte> tree)
    {
        while (tree.Length > 0)
        {
            var space = tree.Span.IndexOf((byte)' ');
            var end = tree.Span.IndexOf((byte)0);
            yield return new(
                Encoding.ASCII.GetString(tree.Span[..space]), Encoding.UTF8.GetString(tree.Span[(space + 1)..end]), Convert.ToHexStringLower(tree.Span.Slice(end + 1, 20)));
            tree = tree[(end + 21)..];
        }
    }

    public static CommitInfo Commit(GitObject commit)
    {
        var bytes = commit.Content.Span;
        var headersEnd = bytes.IndexOf("\n\n"u8);
        var headers = headersEnd < 0 ? bytes : bytes[..headersEnd];
        var encoding = Header(headers, "\nencoding "u8) is { Length: > 0 } name ? EncodingNamed(Encoding.ASCII.GetString(name)) : Encoding.UTF8;
        var author = Header(headers, "\nauthor "u8);
        var open = author.LastIndexOf((byte)'<');
        var close = author.LastIndexOf((byte)'>');
        if (open < 0 || close < open) throw new InvalidDataException($"Commit {commit.Sha} has no readable author.");
        var at = close + 2 <= author.Length && Utf8Parser.TryParse(author[(close + 2)..], out long seconds, out _) ? seconds : 0;
        var message = encoding.GetString(headersEnd < 0 ? [] : bytes[(headersEnd + 2)..]);
        return new()
        {
            Sha = commit.Sha,
            Author = encoding.GetString(author[..open]).Trim(),
            Email = encoding.GetString(author[(open + 1)..close]).Trim(),
            Subject = Subject(message),
            Message = message,
            // Commits claim any time they like; the calendar has bounds.
            At = DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(at, 0, DateTimeOffset.MaxValue.ToUnixTimeSeconds())),
        };
    }

    private static ReadOnlySpan<byte> Header(ReadOnlySpan<byte> headers, ReadOnlySpan<byte> name)
    {
        var start = headers.IndexOf(name);
        if (start < 0) return default;
        var rest = headers[(start + name.Length)..];
        var end = rest.IndexOf((byte)'\n');
        return end < 0 ? rest : rest[..end];
    }

    /// <summary>The first paragraph on one line, as git shows it.</summary>
    private static string Subject(string message)
    {
        var text = message.TrimStart('\n').ReplaceLineEndings("\n");
        var end = text.IndexOf("\n\n", StringComparison.Ordinal);
        return (end < 0 ? text : text[..end]).TrimEnd().Replace('\n', ' ');
    }

    private static Encoding EncodingNamed(string name)
    {
        try
        {
            return Encoding.GetEncoding(name);
        }
        catch (ArgumentException)
        {
            // An encoding that this system lacks: ASCII still reads right, and the rest shows as replacement characters.
            return Encoding.UTF8;
        }
    }
}
