using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using PRTS.Api;
using PRTS.Cli.Up;
using PRTS.Execution.Connection;

namespace PRTS.Cli.Connection;

/// <summary>The REST API of one control plane. What it refuses becomes a <see cref="UserError"/> with the server's own explanation.</summary>
internal sealed class ApiClient : IDisposable
{
    private const int MostInPage = 200;
    private readonly HttpClient http;

    public ApiClient(string url, string? token)
    {
        if (!Uri.TryCreate(url.TrimEnd('/') + "/", UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw new UserError($"{url} is no address of a PRTS: give one such as http://127.0.0.1:5080 (PRTS_URL).", ExitCodes.Invalid);
        }

        Url = address;
        var handler = ServerTrust.Handler(Home.Find().Path);
        handler.ConnectTimeout = TimeSpan.FromSeconds(10);
        handler.UseProxy = !address.IsLoopback;
        http = new HttpClient(new Patience(handler, TimeProvider.System, text => Console.Error.WriteLine($"prts: {text}")))
        {
            BaseAddress = address,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        // Says by which door in the audit log.
        http.DefaultRequestHeaders.UserAgent.ParseAdd("prts-cli");
        if (token is not null)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
    }

    public Uri Url { get; }

    /// <summary>PRTS_URL and PRTS_TOKEN; else the PRTS on this machine by its admin.json.</summary>
    public static ApiClient Connect()
    {
        var url = Environment.GetEnvironmentVariable("PRTS_URL");
        var token = Environment.GetEnvironmentVariable("PRTS_TOKEN");
        if (string.IsNullOrEmpty(url) || string.IsNullOrEmpty(token))
        {
            var home = Home.Find();
            var admin = string.IsNullOrEmpty(url) || string.IsNullOrEmpty(token) ? AdminFile.Read(home) : null;
            url = string.IsNullOrEmpty(url) ? admin?.Url : url;
            // The administrator's token goes to the server that it came from and to no other.
            token = string.IsNullOrEmpty(token) && url == admin?.Url ? admin?.Token : token;
            if (url is null || string.IsNullOrEmpty(token))
            {
                throw new UserError(url is null
                    ? $"No PRTS runs here ({home.AdminFile} is missing). Start one with {Installation.Command} up, or set PRTS_URL and PRTS_TOKEN."
                    : "Set PRTS_TOKEN to an access token; you make one on your account's page.");
            }
        }

        return new ApiClient(url, token);
    }

    public async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation = default)
    {
        using var response = await SendAsync(new HttpRequestMessage(HttpMethod.Get, Absolute(path)), HttpCompletionOption.ResponseContentRead, cancellation);
        return await ReadAsync(response, type, cancellation);
    }

    public async Task<T> PostAsync<TBody, T>(string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<T> type, CancellationToken cancellation = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Absolute(path)) { Content = JsonContent.Create(body, bodyType) };
        using var response = await SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellation);
        return await ReadAsync(response, type, cancellation);
    }

    public async Task<T> PutAsync<TBody, T>(string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<T> type, CancellationToken cancellation = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, Absolute(path)) { Content = JsonContent.Create(body, bodyType) };
        using var response = await SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellation);
        return await ReadAsync(response, type, cancellation);
    }

    public async Task DeleteAsync(string path, CancellationToken cancellation = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, Absolute(path));
        using var response = await SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellation);
    }

    /// <summary>A command without a body.</summary>
    public async Task<T> PostAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Absolute(path));
        using var response = await SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellation);
        return await ReadAsync(response, type, cancellation);
    }

    /// <summary>The first items of a list that comes in pages.</summary>
    public async Task<IReadOnlyList<T>> ListAsync<T>(string path, JsonTypeInfo<Page<T>> type, int limit, CancellationToken cancellation = default)
    {
        var items = new List<T>();
        while (items.Count < limit)
        {
            var take = Math.Min(limit - items.Count, MostInPage);
            var page = await GetAsync($"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}skip={items.Count}&take={take}", type, cancellation);
            items.AddRange(page.Items);
            if (page.Items.Count < take)
            {
                break;
            }
        }

        return items;
    }

    /// <summary>A successful response with its body not yet read.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, HttpCompletionOption completion, CancellationToken cancellation)
    {
        HttpResponseMessage response;
        try
        {
            response = await http.SendAsync(request, completion, cancellation);
        }
        catch (HttpRequestException error) when (error.InnerException is System.Security.Authentication.AuthenticationException)
        {
            throw new UserError($"{Url} shows a certificate that is not trusted here. Set {ServerTrust.Setting} to a file with its authority; prts ca prints it on the server.");
        }
        catch (HttpRequestException error)
        {
            throw new UnreachableError($"{Url} does not answer ({error.Message.TrimEnd('.')}). Is PRTS running there?");
        }

        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw await ExplainAsync(response, request, cancellation);
        }
    }

    /// <summary>True when the control plane answers that all of it is ready.</summary>
    public async Task<bool> IsReadyAsync(CancellationToken cancellation)
    {
        try
        {
            using var response = await http.GetAsync(Absolute("healthz/ready"), cancellation);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    public Uri Absolute(string path) => new(Url, path);

    public void Dispose() => http.Dispose();

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        try
        {
            return await response.Content.ReadFromJsonAsync(type, cancellation) ?? throw new JsonException("null");
        }
        catch (JsonException error)
        {
            throw new UserError($"{response.RequestMessage?.RequestUri} answered what this prts does not understand ({error.Message}). Is it a PRTS of the same version?");
        }
    }

    private async Task<UserError> ExplainAsync(HttpResponseMessage response, HttpRequestMessage request, CancellationToken cancellation)
    {
        if (response.StatusCode == HttpStatusCode.Unauthorized)
        {
            return new UserError($"{Url} does not accept the access token. Set PRTS_TOKEN to a valid one; you make one on your account's page.");
        }

        var text = await response.Content.ReadAsStringAsync(cancellation);
        var detail = ProblemText.Read(text) ?? $"{request.Method} {request.RequestUri} answered {(int)response.StatusCode} {response.ReasonPhrase}.";
        return response.StatusCode switch
        {
            HttpStatusCode.NotFound => new NotFoundError(detail),
            HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout => new UnreachableError(detail),
            HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity => new UserError(detail, ExitCodes.Invalid),
            _ => new UserError(detail, ExitCodes.Failed),
        };
    }
}

/// <summary>The control plane has no such thing, or does not show it to this user.</summary>
internal sealed class NotFoundError(string detail) : UserError(detail);

/// <summary>The control plane does not answer, or not yet: commands that follow something try again.</summary>
internal sealed class UnreachableError(string detail) : UserError(detail);
