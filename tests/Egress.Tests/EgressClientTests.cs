using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Text;

namespace PRTS.Egress.Tests;

/// <summary>Over real sockets: 127.0.0.1 is what a test allows, 127.0.0.2 and 127.0.0.3 are the network behind.</summary>
public sealed class EgressClientTests
{
    private const string Ok = "HTTP/1.1 200 OK";

    [Fact]
    public async Task Send_AllowedHost_IsAnswered()
    {
        await using var peer = new Peer("127.0.0.1", Peer.Says(Ok, "hello"));
        using var client = Client("hook.test", ("hook.test", ["127.0.0.1"]));
        using var answer = await client.Send(Get($"http://hook.test:{peer.Port}/x?y=1"));
        Assert.Equal("hello", await answer.Content.ReadAsStringAsync());
        Assert.StartsWith("GET /x?y=1 HTTP/1.1", peer.Requests.Single(), StringComparison.Ordinal);
        // Nothing of this process goes along.
        Assert.DoesNotContain("traceparent", peer.Requests.Single(), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Accept-Encoding", peer.Requests.Single(), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("127.1")]
    [InlineData("2130706433")]
    [InlineData("0x7f000001")]
    [InlineData("0x7f.0.0.1")]
    [InlineData("0177.0.0.01")]
    [InlineData("017700000001")]
    [InlineData("127.0.0.1.")]
    [InlineData("%31%32%37.0.0.1")]
    [InlineData("１２７.0.0.1")]
    [InlineData("①②⑦.⓪.⓪.①")]
    [InlineData("127。0。0。1")]
    [InlineData("0.0.0.0")]
    [InlineData("0")]
    [InlineData("[::1]")]
    [InlineData("[::]")]
    [InlineData("[::ffff:127.0.0.1]")]
    [InlineData("[::ffff:7f00:1]")]
    [InlineData("[0:0:0:0:0:ffff:7f00:0001]")]
    [InlineData("[::127.0.0.1]")]
    [InlineData("[64:ff9b::127.0.0.1]")]
    [InlineData("[2002:7f00:1::]")]
    [InlineData("[fe80::1%25lo]")]
    public async Task Send_OwnMachineInAnyForm_IsRefusedBeforeAnyConnection(string host)
    {
        await using var peer = new Peer("127.0.0.1", Peer.Says(Ok));
        // All ports of a network that is elsewhere, so that it is the address that is refused.
        using var client = new EgressClient(new() { Rules = Rules("192.0.2.0/24") });
        // What is no address at all is refused by whoever reads it.
        if (!Uri.TryCreate($"http://{host}:{peer.Port}/", UriKind.Absolute, out var address)) return;
        var problem = await Assert.ThrowsAnyAsync<HttpRequestException>(() => client.Send(new(HttpMethod.Get, address)));
        // Either refused by its address, or the resolver does not take it for one.
        Assert.True(problem is EgressRefusedException { Reason: EgressReason.Address, Setting: "PRTS_EGRESS_ALLOW" } || problem.HttpRequestError == HttpRequestError.NameResolutionError, problem.ToString());
        Assert.Equal(0, peer.Connections);
    }

    [Fact]
    public async Task Send_NameThatResolvesAnew_ConnectsToWhatWasChecked()
    {
        await using var allowed = new Peer("127.0.0.1", Peer.Says(Ok, "checked"));
        var asked = 0;
        using var client = new EgressClient(new()
        {
            Rules = Rules("127.0.0.1"),
            // The name server of an attacker: harmless when it is checked, this machine when it is used.
            Resolve = (_, _) => Task.FromResult(new[] { IPAddress.Parse(Interlocked.Increment(ref asked) == 1 ? "127.0.0.1" : "127.0.0.2") }),
        });
        using (var first = await client.Send(Get($"http://rebind.test:{allowed.Port}/")))
        {
            Assert.Equal("checked", await first.Content.ReadAsStringAsync());
            Assert.Equal(1, asked);
        }

        var refused = await Refused(client, $"http://rebind.test:{allowed.Port}/", EgressReason.Address);
        Assert.Contains("127.0.0.2", refused.Message, StringComparison.Ordinal);
        Assert.Equal(2, asked);
        Assert.Equal(1, allowed.Connections);
    }

    [Fact]
    public async Task Send_AnswerWithOneRefusedAddress_IsRefusedWhole()
    {
        await using var peer = new Peer("127.0.0.1", Peer.Says(Ok));
        using var client = Client("127.0.0.1", ("mixed.test", ["127.0.0.1", "127.0.0.2"]));
        await Refused(client, $"http://mixed.test:{peer.Port}/", EgressReason.Address);
        Assert.Equal(0, peer.Connections);
    }

    [Fact]
    public async Task Send_FirstAddressDoesNotAnswer_TheNextOneOfTheSameAnswerDoes()
    {
        await using var peer = new Peer("127.0.0.1", Peer.Says(Ok, "second"));
        using var client = Client("127.0.0.0/8", ("two.test", ["127.0.0.3", "127.0.0.1"]));
        Assert.Equal("second", await client.Http.GetStringAsync($"http://two.test:{peer.Port}/"));
    }

    [Theory]
    [InlineData("http://127.0.0.2:{0}/")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://[::ffff:169.254.169.254]/")]
    [InlineData("http://2852039166/")]
    [InlineData("http://inside.test/")]
    public async Task Redirect_ToWhatIsPrivate_IsRefused(string location)
    {
        await using var inside = new Peer("127.0.0.2", Peer.Says(Ok, "secret"));
        await using var peer = new Peer("127.0.0.1", Peer.Redirects(location.Replace("{0}", $"{inside.Port}", StringComparison.Ordinal)));
        using var client = Client("127.0.0.1", ("hook.test", ["127.0.0.1"]), ("inside.test", ["10.0.0.1"]));
        await Refused(client, $"http://hook.test:{peer.Port}/", EgressReason.Address);
        Assert.Equal(0, inside.Connections);
    }

    [Theory]
    [InlineData("file:///etc/passwd", EgressReason.Scheme)]
    [InlineData("gopher://hook.test/", EgressReason.Scheme)]
    [InlineData("http://user:password@hook.test/", EgressReason.Scheme)]
    [InlineData("http://elsewhere.test:22/", EgressReason.Port)]
    [InlineData("http://[::1", EgressReason.Redirect)]
    public async Task Redirect_ToWhatIsNotServed_IsRefused(string location, EgressReason reason)
    {
        await using var peer = new Peer("127.0.0.1", Peer.Redirects(location));
        using var client = Client($"hook.test:{peer.Port}", ("hook.test", ["127.0.0.1"]));
        await Refused(client, $"http://hook.test:{peer.Port}/", reason);
    }

    [Theory]
    [InlineData("http://hook.test:{0}{1}", 1)]
    [InlineData("/next{1}", 6)]
    public async Task Redirect_WithoutEnd_IsRefused(string pattern, int requests)
    {
        var count = 0;
        Peer? peer = null;
        peer = new Peer("127.0.0.1", (_, stream) =>
        {
            var number = pattern.StartsWith('/') ? $"{Interlocked.Increment(ref count)}" : "/";
            var location = pattern.Replace("{0}", $"{peer!.Port}", StringComparison.Ordinal).Replace("{1}", number, StringComparison.Ordinal);
            return Peer.Redirects(location)("", stream);
        });
        await using (peer)
        {
            using var client = Client("hook.test", ("hook.test", ["127.0.0.1"]));
            await Refused(client, $"http://hook.test:{peer.Port}/", EgressReason.Redirect);
            Assert.Equal(requests, peer.Requests.Count);
        }
    }

    [Fact]
    public async Task Redirect_ToTheSameOrigin_KeepsCredentialsMethodAndBody()
    {
        await using var peer = new Peer("127.0.0.1", (request, stream) =>
            (request.StartsWith("POST /a", StringComparison.Ordinal) ? Peer.Redirects("/b", "307 Temporary Redirect") : Peer.Says(Ok, "done"))(request, stream));
        using var client = Client("hook.test", ("hook.test", ["127.0.0.1"]));
        using var answer = await client.Send(Post($"http://hook.test:{peer.Port}/a"));
        Assert.Equal("done", await answer.Content.ReadAsStringAsync());
        Assert.Contains("POST /b", peer.Requests.Last(), StringComparison.Ordinal);
        Assert.Contains("Authorization: Bearer secret", peer.Requests.Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirect_ToAnotherOrigin_DropsCredentialsAndBody()
    {
        await using var other = new Peer("127.0.0.1", Peer.Says(Ok, "done"));
        await using var peer = new Peer("127.0.0.1", Peer.Redirects($"http://other.test:{other.Port}/"));
        using var client = Client("hook.test,other.test", ("hook.test", ["127.0.0.1"]), ("other.test", ["127.0.0.1"]));
        using var answer = await client.Send(Post($"http://hook.test:{peer.Port}/a"));
        Assert.Equal("done", await answer.Content.ReadAsStringAsync());
        var request = other.Requests.Single();
        Assert.StartsWith("GET / ", request, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", request, StringComparison.Ordinal);
        Assert.DoesNotContain("Cookie", request, StringComparison.Ordinal);
        Assert.Contains("User-Agent: prts", request, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirect_OfABodyToAnotherOrigin_IsRefused()
    {
        await using var other = new Peer("127.0.0.1", Peer.Says(Ok));
        await using var peer = new Peer("127.0.0.1", Peer.Redirects($"http://other.test:{other.Port}/", "308 Permanent Redirect"));
        using var client = Client("hook.test,other.test", ("hook.test", ["127.0.0.1"]), ("other.test", ["127.0.0.1"]));
        var refused = await Assert.ThrowsAsync<EgressRefusedException>(() => client.Send(Post($"http://hook.test:{peer.Port}/a")));
        Assert.Equal(EgressReason.Redirect, refused.Reason);
        Assert.Equal(0, other.Connections);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Answer_TooLarge_IsCutOff(bool saysItsLength)
    {
        var sent = 0L;
        await using var peer = new Peer("127.0.0.1", async (_, stream) =>
        {
            await Peer.Write(stream, saysItsLength ? $"{Ok}\r\nContent-Length: 10000000000\r\n\r\n" : $"{Ok}\r\nConnection: close\r\n\r\n");
            var piece = new byte[64 * 1024];
            while (true)
            {
                await stream.WriteAsync(piece);
                Interlocked.Add(ref sent, piece.Length);
            }
        });
        using var client = Client("hook.test", options => options with { MostBytes = 100_000 }, ("hook.test", ["127.0.0.1"]));
        var problem = await Assert.ThrowsAsync<EgressRefusedException>(async () =>
        {
            using var answer = await client.Send(Get($"http://hook.test:{peer.Port}/"));
            await answer.Content.ReadAsByteArrayAsync();
        });
        Assert.Equal(EgressReason.Size, problem.Reason);
        Assert.Equal(HttpStatusCode.OK, (await Ask(new Peer("127.0.0.1", Peer.Says(Ok, new string('x', 100_000))), 100_000)).StatusCode);
    }

    [Fact]
    public async Task Answer_CompressedBomb_IsRefusedUnread()
    {
        using var bomb = new MemoryStream();
        await using (var gzip = new GZipStream(bomb, CompressionLevel.SmallestSize, leaveOpen: true)) await gzip.WriteAsync(new byte[50 << 20]);
        await using var peer = new Peer("127.0.0.1", Peer.Says($"{Ok}\r\nContent-Encoding: gzip", Encoding.Latin1.GetString(bomb.ToArray())));
        using var client = Client("hook.test", ("hook.test", ["127.0.0.1"]));
        await Refused(client, $"http://hook.test:{peer.Port}/", EgressReason.Encoding);
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx")]
    public async Task Answer_ThatNeverEnds_IsGivenUp(string beginning)
    {
        await using var peer = new Peer("127.0.0.1", async (_, stream) =>
        {
            await Peer.Write(stream, beginning);
            // Until the client hangs up.
            await stream.ReadExactlyAsync(new byte[1]);
        });
        using var client = Client("hook.test", options => options with { Timeout = TimeSpan.FromMilliseconds(300) }, ("hook.test", ["127.0.0.1"]));
        var problem = await Assert.ThrowsAsync<EgressRefusedException>(() => client.Http.GetStringAsync($"http://hook.test:{peer.Port}/"));
        Assert.Equal(EgressReason.Time, problem.Reason);
    }

    [Fact]
    public async Task Answer_WithAHugeHead_IsRefused()
    {
        await using var peer = new Peer("127.0.0.1", Peer.Says($"{Ok}\r\nX-Padding: {new string('x', 200_000)}"));
        using var client = Client("hook.test", ("hook.test", ["127.0.0.1"]));
        await Refused(client, $"http://hook.test:{peer.Port}/", EgressReason.Size);
    }

    [Fact]
    public async Task Send_CanceledByTheCaller_SaysSo()
    {
        await using var peer = new Peer("127.0.0.1", async (_, stream) => await stream.ReadExactlyAsync(new byte[1]));
        using var client = Client("hook.test", ("hook.test", ["127.0.0.1"]));
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.Send(Get($"http://hook.test:{peer.Port}/"), cancel.Token));
    }

    [Fact]
    public async Task Send_HttpVersion3AndProxies_DoNotEvadeTheChecks()
    {
        await using var proxy = new Peer("127.0.0.1", Peer.Says(Ok));
        Environment.SetEnvironmentVariable("http_proxy", $"http://127.0.0.1:{proxy.Port}");
        try
        {
            using var client = Client("192.0.2.0/24", ("inside.test", ["127.0.0.2"]));
            var request = Get("http://inside.test/");
            (request.Version, request.VersionPolicy) = (HttpVersion.Version30, HttpVersionPolicy.RequestVersionExact);
            var refused = await Assert.ThrowsAsync<EgressRefusedException>(() => client.Send(request));
            Assert.Equal(EgressReason.Address, refused.Reason);
            Assert.Equal(0, proxy.Connections);
        }
        finally
        {
            Environment.SetEnvironmentVariable("http_proxy", null);
        }
    }

    [Theory]
    [InlineData("ftp://hook.test/", EgressReason.Scheme)]
    [InlineData("http://a:b@hook.test/", EgressReason.Scheme)]
    [InlineData("http://hook.test:25/", EgressReason.Port)]
    public async Task Send_ToWhatIsNotServed_IsRefused(string address, EgressReason reason)
    {
        using var client = new EgressClient(new());
        await Refused(client, address, reason);
    }

    private static async Task<HttpResponseMessage> Ask(Peer peer, long most)
    {
        await using (peer)
        {
            using var client = Client("hook.test", options => options with { MostBytes = most }, ("hook.test", ["127.0.0.1"]));
            var answer = await client.Send(Get($"http://hook.test:{peer.Port}/"));
            Assert.Equal(most, (await answer.Content.ReadAsByteArrayAsync()).Length);
            return answer;
        }
    }

    private static async Task<EgressRefusedException> Refused(EgressClient client, string address, EgressReason reason)
    {
        var refused = await Assert.ThrowsAsync<EgressRefusedException>(async () =>
        {
            using var answer = await client.Send(Get(address));
        });
        Assert.Equal(reason, refused.Reason);
        return refused;
    }

    private static EgressClient Client(string allow, params (string Host, string[] Addresses)[] names) => Client(allow, options => options, names);

    private static EgressClient Client(string allow, Func<EgressOptions, EgressOptions> change, params (string Host, string[] Addresses)[] names)
    {
        var book = new ConcurrentDictionary<string, string[]>(names.Select(name => KeyValuePair.Create(name.Host, name.Addresses)), StringComparer.OrdinalIgnoreCase);
        return new(change(new()
        {
            Rules = Rules(allow),
            Resolve = (host, _) => Task.FromResult(book[host].Select(IPAddress.Parse).ToArray()),
        }));
    }

    private static AddressRules Rules(string allow)
    {
        var rules = AddressRules.Parse(allow, out var problems);
        Assert.Empty(problems);
        return rules;
    }

    private static HttpRequestMessage Get(string address) => new(HttpMethod.Get, address);

    private static HttpRequestMessage Post(string address) => new(HttpMethod.Post, address)
    {
        Content = new StringContent("the secret body"),
        Headers = { { "Authorization", "Bearer secret" }, { "X-Signature", "secret" }, { "Cookie", "session=secret" }, { "User-Agent", "prts" } },
    };
}
