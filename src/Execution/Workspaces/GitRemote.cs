using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using PRTS.Execution.Connection;

namespace PRTS.Execution.Workspaces;

/// <summary>The server refused, in its words: trying again will not mend it.</summary>
internal sealed class GitRefusedException(string message) : GitException(message);

/// <summary>A branch or tag of a remote repository. <see cref="Peeled"/>: what an annotated tag stands for.</summary>
internal sealed record RemoteRef(string Name, string Id, string? Peeled);

/// <summary>
/// Reads a repository over HTTP with Git's protocol version 2 (gitprotocol-v2 in git's documentation). <c>git fetch</c> does the same with
/// four processes and a connection of its own, which took most of the time between a push and its first step.
/// </summary>
internal sealed class GitRemote(string url, string token)
{
    private const int LongestPacket = 65520;
    private const string Delimiter = "0001";
    private const string Flush = "0000";

    /// <summary>git sends something every five seconds, also while it computes.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly HttpClient Http = Client();

    /// <summary>The branches and tags.</summary>
    /// <exception cref="HttpRequestException">The server is away. So says <see cref="HttpIOException"/>.</exception>
    public async Task<IReadOnlyList<RemoteRef>> ListRefs(CancellationToken ct)
    {
        var refs = new List<RemoteRef>();
        await using var answer = await Ask([.. Command("ls-refs"), Delimiter, Packet("peel"), Packet("ref-prefix refs/heads/"), Packet("ref-prefix refs/tags/"), Flush], ct);
        var packet = new byte[LongestPacket];
        while (await Next(answer, packet, ct) is var length and > 0)
        {
            if (Encoding.UTF8.GetString(packet, 0, length).TrimEnd('\n').Split(' ') is not [var id, var name, .. var attributes] || !IsId(id))
                throw new GitRefusedException($"{url} does not answer as Git does");
            refs.Add(new(name, id, attributes.FirstOrDefault(attribute => attribute.StartsWith("peeled:", StringComparison.Ordinal))?[7..]));
        }
        return refs;
    }

    /// <summary>Writes a thin pack of what is wanted and not had.</summary>
    /// <exception cref="HttpRequestException">The server is away. So says <see cref="HttpIOException"/>.</exception>
    public async Task Fetch(IEnumerable<string> wants, IEnumerable<string> haves, Stream pack, CancellationToken ct)
    {
        await using var answer = await Ask(
            [
                .. Command("fetch"), Delimiter, Packet("thin-pack"), Packet("no-progress"), Packet("ofs-delta"),
                .. wants.Select(id => Packet("want " + id)), .. haves.Select(id => Packet("have " + id)), Packet("done"), Flush,
            ],
            ct);
        var packet = new byte[LongestPacket];
        var begun = false;
        while (await Next(answer, packet, ct) is var length && (length > 0 || !begun))
        {
            if (!begun)
                begun = packet.AsSpan(0, length).StartsWith("packfile"u8);
            else if (packet[0] == 1)
                await pack.WriteAsync(packet.AsMemory(1, length - 1), ct);
            else if (packet[0] == 3)
                throw new GitRefusedException(Encoding.UTF8.GetString(packet, 1, length - 1).Trim());
        }
    }

    private async Task<Stream> Ask(IEnumerable<string> packets, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url + "/git-upload-pack") { Content = new ByteArrayContent(Encoding.ASCII.GetBytes(string.Concat(packets))) };
        request.Content.Headers.ContentType = new("application/x-git-upload-pack-request");
        request.Headers.Add("Git-Protocol", "version=2");
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("job:" + token)));
        var response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        if (response.StatusCode is >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError)
        {
            var said = (await response.Content.ReadAsStringAsync(ct)).Trim();
            throw new GitRefusedException(string.Create(CultureInfo.InvariantCulture, $"{url} answered {(int)response.StatusCode}: {said}"));
        }
        return await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(ct);
    }

    private static HttpClient Client()
    {
        var handler = ServerTrust.Handler();
        handler.PooledConnectionLifetime = TimeSpan.FromMinutes(5);
        return new(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    private static string[] Command(string name) => [Packet("command=" + name), Packet("agent=prts"), Packet("object-format=sha1")];

    private static string Packet(string line) => string.Create(CultureInfo.InvariantCulture, $"{line.Length + 5:x4}{line}\n");

    /// <summary>Reads one packet and returns its length; 0 for one that separates or ends.</summary>
    private static async Task<int> Next(Stream stream, byte[] packet, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        try
        {
            await stream.ReadExactlyAsync(packet.AsMemory(0, 4), patience.Token);
            if (!int.TryParse(Encoding.ASCII.GetString(packet, 0, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var length) || length > LongestPacket)
                throw new GitRefusedException("The server's answer is not Git's.");
            if (length < 4)
                return 0;
            await stream.ReadExactlyAsync(packet.AsMemory(0, length - 4), patience.Token);
            if (packet.AsSpan(0, length - 4).StartsWith("ERR "u8))
                throw new GitRefusedException(Encoding.UTF8.GetString(packet, 4, length - 8).Trim());
            return length - 4;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new HttpIOException(HttpRequestError.ResponseEnded, $"The server sent nothing for {Patience.TotalMinutes:0} minutes.");
        }
        catch (EndOfStreamException)
        {
            throw new HttpIOException(HttpRequestError.ResponseEnded, "The server's answer ended early.");
        }
    }

    private static bool IsId(string text) => text.Length == 40 && text.All(char.IsAsciiHexDigitLower);
}
