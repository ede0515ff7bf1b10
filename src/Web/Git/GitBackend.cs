using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using PRTS.Web.Access;

namespace PRTS.Web.Git;

/// <summary>Runs <c>git http-backend</c> as a CGI program: bytes flow through in both directions as they come, nothing is kept.</summary>
public sealed partial class GitBackend(WebOptions options, ILogger<GitBackend> log)
{
    private const int CopyBuffer = 64 * 1024;

    /// <param name="repository">The bare repository's folder.</param>
    /// <param name="input">What git reads.</param>
    /// <param name="path">What is asked of it, for example <c>/git-upload-pack</c>.</param>
    public async Task Serve(HttpContext http, string repository, string path, string query, GitInput input)
    {
        using var process = Process.Start(StartInfo(http, repository, path, query, input.IsChanged)) ?? throw new InvalidOperationException($"{options.Git} did not start.");
        var gone = http.RequestAborted;
        await using var killing = gone.Register(() => Kill(process));
        var feeding = Feed(input, process.StandardInput.BaseStream, gone);
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await Relay(process.StandardOutput.BaseStream, http.Response, gone);
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
            // The client has gone, and git with it.
        }
        finally
        {
            if (!gone.IsCancellationRequested) await process.WaitForExitAsync(gone).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Kill(process);
            await process.WaitForExitAsync(CancellationToken.None);
            if (await errors is { Length: > 0 } text) LogErrors(path, Path.GetFileName(repository), process.ExitCode, text.Trim());
        }

        await http.Response.CompleteAsync();
        await feeding.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Git may end before it has read all (it refuses the push): then the rest has no reader, which is no error of ours.</summary>
    private static async Task Feed(GitInput from, Stream input, CancellationToken gone)
    {
        try
        {
            await from.CopyTo(input, CopyBuffer, gone);
        }
        catch (Exception broken) when (broken is IOException or OperationCanceledException or BadHttpRequestException or InvalidDataException)
        {
            // Git sees the end of its input and says itself what is missing.
        }
        finally
        {
            try
            {
                await input.DisposeAsync();
            }
            catch (IOException)
            {
                // The pipe's other end is closed already.
            }
        }
    }

    private static async Task Relay(Stream output, HttpResponse response, CancellationToken gone)
    {
        var buffer = new byte[CopyBuffer];
        var length = 0;
        CgiHeaders? headers = null;
        while (headers is null)
        {
            var read = length < buffer.Length ? await output.ReadAsync(buffer.AsMemory(length), gone) : 0;
            length += read;
            headers = CgiHeaders.Parse(buffer.AsSpan(0, length));
            if (headers is null && read == 0)
            {
                response.StatusCode = StatusCodes.Status500InternalServerError;
                return;
            }
        }

        response.StatusCode = headers.Status;
        foreach (var (name, value) in headers.Fields) response.Headers[name] = value;
        response.HttpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await response.Body.WriteAsync(buffer.AsMemory(headers.Length, length - headers.Length), gone);
        await response.Body.FlushAsync(gone);
        while (await output.ReadAsync(buffer, gone) is > 0 and var read)
        {
            // Each piece goes out at once: progress and keep-alive messages are for the eyes.
            await response.Body.WriteAsync(buffer.AsMemory(0, read), gone);
            await response.Body.FlushAsync(gone);
        }
    }

    private ProcessStartInfo StartInfo(HttpContext http, string repository, string path, string query, bool isChanged)
    {
        var parent = Path.GetDirectoryName(repository)!;
        var start = new ProcessStartInfo(options.Git)
        {
            WorkingDirectory = parent,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardErrorEncoding = Encoding.UTF8,
        };
        start.ArgumentList.Add("http-backend");
        var search = start.Environment["PATH"];
        start.Environment.Clear();
        var request = http.Request;
        var user = http.User.Actor();
        Dictionary<string, string?> environment = new(StringComparer.Ordinal)
        {
            ["PATH"] = search,
            ["HOME"] = parent,
            ["LC_ALL"] = "C.UTF-8",
            ["GIT_CONFIG_NOSYSTEM"] = "1",
            ["GIT_CONFIG_GLOBAL"] = "/dev/null",
            // A data directory that was restored from a backup may belong to another user; the repositories in it are still ours.
            ["GIT_CONFIG_COUNT"] = "1",
            ["GIT_CONFIG_KEY_0"] = "safe.directory",
            ["GIT_CONFIG_VALUE_0"] = "*",
            ["GIT_PROJECT_ROOT"] = parent,
            ["GIT_HTTP_EXPORT_ALL"] = "1",
            ["PATH_INFO"] = $"/{Path.GetFileName(repository)}{path}",
            ["QUERY_STRING"] = query,
            ["REQUEST_METHOD"] = request.Method,
            ["CONTENT_TYPE"] = request.ContentType,
            ["CONTENT_LENGTH"] = isChanged ? null : request.ContentLength?.ToString(CultureInfo.InvariantCulture),
            ["HTTP_CONTENT_ENCODING"] = !isChanged && request.Headers.ContentEncoding.ToString() is "gzip" or "x-gzip" ? "gzip" : null,
            ["GIT_PROTOCOL"] = Protocol(request.Headers["Git-Protocol"].ToString()),
            ["REMOTE_USER"] = user,
            ["REMOTE_ADDR"] = http.Connection.RemoteIpAddress?.ToString(),
            ["GIT_COMMITTER_NAME"] = user,
            ["GIT_COMMITTER_EMAIL"] = $"{user}@prts",
        };
        foreach (var (name, value) in environment)
        {
            if (!string.IsNullOrEmpty(value) || name == "QUERY_STRING") start.Environment[name] = value;
        }

        return start;
    }

    /// <summary>For example <c>version=2</c>; anything else than such pairs is not passed on.</summary>
    private static string? Protocol(string header) =>
        header.Length is > 0 and <= 100 && header.All(c => char.IsAsciiLetterOrDigit(c) || c is '=' or ':' or '.' or '-') ? header : null;

    private static void Kill(Process process)
    {
        try
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It ended meanwhile.
        }
    }

    [LoggerMessage(LogLevel.Warning, "git {Path} of {Repository} ended with {ExitCode}: {Errors}")]
    private partial void LogErrors(string path, string repository, int exitCode, string errors);
}
