using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using Docker.DotNet.Models;

namespace PRTS.Execution.Containers;

/// <summary>
/// A program that keeps credentials, as Docker and podman ask it: <c>docker-credential-NAME get</c>, the server's address on its standard input, JSON on
/// its standard output.
/// </summary>
/// <param name="searchPath">Where it is looked for, as <c>PATH</c>.</param>
internal sealed class CredentialProgram(string name, string searchPath, TimeSpan patience)
{
    private const string Missing = "credentials not found";
    private const string Token = "<token>";

    /// <returns>Null when it has none for that server.</returns>
    /// <exception cref="EngineException">It is not there, fails, takes too long or says what cannot be understood.</exception>
    public async Task<AuthConfig?> Get(string server, CancellationToken ct)
    {
        var program = $"docker-credential-{name}";
        var file = searchPath.Split(':', StringSplitOptions.RemoveEmptyEntries).Select(directory => Path.Combine(directory, program)).FirstOrDefault(File.Exists)
            ?? throw new EngineException($"the credentials of {server} are kept by {program}, which is not in the agent's PATH");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(patience);
        try
        {
            var (code, output, errors) = await Ask(file, server, limit.Token);
            if (code == 0)
                return Read(output, server);
            var said = (output.Trim().Length > 0 ? output : errors).Trim();
            return said.StartsWith(Missing, StringComparison.OrdinalIgnoreCase) ? null : throw new EngineException($"{program} did not give the credentials of {server}: {(said.Length > 0 ? said : $"it exited with code {code}")}");
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new EngineException($"{program} did not give the credentials of {server} within {patience.TotalSeconds:0.#} s");
        }
        catch (Exception e) when (e is Win32Exception or IOException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new EngineException($"{program} did not give the credentials of {server}: {e.Message}", e);
        }
    }

    private static async Task<(int Code, string Output, string Errors)> Ask(string file, string server, CancellationToken ct)
    {
        var start = new ProcessStartInfo(file, ["get"]) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("it could not be started");
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(ct);
            var errors = process.StandardError.ReadToEndAsync(ct);
            try
            {
                await process.StandardInput.WriteAsync(server.AsMemory(), ct);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It did not want to know; what it says tells why.
            }
            await process.WaitForExitAsync(ct);
            return (process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static AuthConfig Read(string output, string server)
    {
        using var json = JsonDocument.Parse(output);
        var (user, secret) = (json.RootElement.GetProperty("Username").GetString(), json.RootElement.GetProperty("Secret").GetString());
        return user == Token ? new() { ServerAddress = server, IdentityToken = secret } : new() { ServerAddress = server, Username = user, Password = secret };
    }
}
