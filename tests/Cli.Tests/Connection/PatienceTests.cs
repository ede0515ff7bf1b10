using System.Globalization;
using System.Net;
using PRTS.Cli.Connection;

namespace PRTS.Cli.Tests.Connection;

/// <summary>What the command line does when a server says <c>Retry-After</c>.</summary>
public sealed class PatienceTests
{
    [Theory]
    [InlineData("GET", 429, "5", 2)]
    [InlineData("HEAD", 503, "5", 2)]
    [InlineData("PUT", 503, "5", 2)]
    [InlineData("DELETE", 503, "5", 2)]
    [InlineData("POST", 429, "5", 2)]
    [InlineData("POST", 503, "5", 1)]
    [InlineData("PATCH", 503, "5", 1)]
    [InlineData("GET", 502, "5", 1)]
    [InlineData("GET", 429, null, 1)]
    [InlineData("GET", 503, null, 1)]
    [InlineData("GET", 429, "60", 2)]
    [InlineData("GET", 429, "61", 1)]
    public async Task Request_ThatIsRefusedOnce_IsRepeatedWhereThatIsSafe(string method, int status, string? wait, int expected)
    {
        var server = new Scripted(() => Answer(status, wait), () => Answer(200));
        using var response = await server.Send(new(method), """{"name": "x"}""");
        Assert.Equal(expected, server.Requests);
        Assert.Equal(expected == 2 ? 200 : status, (int)response.StatusCode);
        Assert.All(server.Bodies, body => Assert.Equal("""{"name": "x"}""", body));
        Assert.Equal(expected == 2 ? [TimeSpan.FromSeconds(int.Parse(wait!, CultureInfo.InvariantCulture))] : [], server.Time.Waits);
    }

    [Fact]
    public async Task Server_ThatStaysBusy_IsGivenUpAfterAMinuteWithItsOwnAnswer()
    {
        var server = new Scripted(() => Answer(429, "25"));
        using var response = await server.Send(HttpMethod.Get);
        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.Equal((3, 50.0), (server.Requests, server.Time.Waits.Sum(wait => wait.TotalSeconds)));
        Assert.Equal(["the server is busy and asks to wait: trying again in 25 s", "the server is busy and asks to wait: trying again in 25 s"], server.Told);
    }

    [Fact]
    public async Task Wait_OfASecond_IsNotTold_AndOfNothing_IsNotWithoutEnd()
    {
        var server = new Scripted(() => Answer(429, "1"), () => Answer(429, "0"));
        using var response = await server.Send(HttpMethod.Get);
        Assert.Empty(server.Told);
        Assert.InRange(server.Requests, 3, 1000);
        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
    }

    [Fact]
    public async Task Wait_UntilATime_IsAsLongAsThatIsAway()
    {
        var server = new Scripted();
        server.Says(() => Answer(503, (server.Time.GetUtcNow() + TimeSpan.FromSeconds(7)).ToString("R", CultureInfo.InvariantCulture)), () => Answer(200));
        using var response = await server.Send(HttpMethod.Get);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal([TimeSpan.FromSeconds(7)], server.Time.Waits);
    }

    /// <summary>The program itself, on the way there and back.</summary>
    [Fact]
    public async Task Command_WaitsAndSaysSo_AndItsAnswerIsAsIfNothingHadBeen()
    {
        await using var prts = new Prts();
        await using var server = new FakeControlPlane(prts);
        var asked = 0;
        server.On("/api/v1/agents", context =>
        {
            context.Response.StatusCode = ++asked == 1 ? 429 : 200;
            if (asked == 1) context.Response.Headers["Retry-After"] = "2";
            return FakeControlPlane.WriteAsync(context, asked == 1 ? """{"detail": "Too many requests."}""" : "[]");
        });
        var answer = await prts.RunAsync("agent", "list", "--json");
        Assert.Equal((0, "[]", 2), (answer.ExitCode, answer.Output.Trim(), asked));
        Assert.Equal("prts: the server is busy and asks to wait: trying again in 2.0 s\n", answer.Error);
    }

    private static HttpResponseMessage Answer(int status, string? wait = null)
    {
        var answer = new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent("") };
        if (wait is not null) answer.Headers.TryAddWithoutValidation("Retry-After", wait);
        return answer;
    }

    /// <summary>Answers in order, the last one for ever.</summary>
    private sealed class Scripted(params Func<HttpResponseMessage>[] answers) : HttpMessageHandler
    {
        private Func<HttpResponseMessage>[] answers = answers;

        public InstantTime Time { get; } = new();
        public List<string> Told { get; } = [];
        public List<string> Bodies { get; } = [];
        public int Requests { get; private set; }

        public void Says(params Func<HttpResponseMessage>[] next) => answers = next;

        public async Task<HttpResponseMessage> Send(HttpMethod method, string? body = null)
        {
            using var client = new HttpClient(new Patience(this, Time, Told.Add));
            using var request = new HttpRequestMessage(method, "http://127.0.0.1/") { Content = body is null ? null : new StringContent(body) };
            return await client.SendAsync(request, TestContext.Current.CancellationToken);
        }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.Content is { } content) Bodies.Add(await content.ReadAsStringAsync(cancellationToken));
            return answers[Math.Min(Requests++, answers.Length - 1)]();
        }
    }

    /// <summary>Every wait is over as soon as it begins, and the clock says so.</summary>
    private sealed class InstantTime : TimeProvider
    {
        private DateTimeOffset now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public List<TimeSpan> Waits { get; } = [];

        public override DateTimeOffset GetUtcNow() => now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            now += dueTime;
            Waits.Add(dueTime);
            return System.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}
