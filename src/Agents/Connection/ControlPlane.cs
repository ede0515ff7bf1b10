using System.Net;
using System.Net.Http.Headers;
using PRTS.Agents.Configuration;
using PRTS.Execution.Connection;

namespace PRTS.Agents.Connection;

/// <summary>The control plane over HTTP: one client for membership and artifacts.</summary>
public sealed class ControlPlane : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public ControlPlane(AgentOptions options)
    {
        var handler = ServerTrust.Handler();
        handler.PooledConnectionLifetime = TimeSpan.FromMinutes(5);
        Http = new HttpClient(handler)
        {
            BaseAddress = new Uri(options.Url),
            Timeout = TimeSpan.FromSeconds(10),
        };
    }

    public HttpClient Http { get; }

    /// <summary>Sends who we are with every request from now on.</summary>
    public void Identify(AgentIdentity identity)
    {
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", identity.Joined.Credential);
        Http.DefaultRequestHeaders.Add("Prts-Agent", identity.Key);
    }

    /// <summary>Waits until the control plane answers; says once that it waits.</summary>
    public async Task WaitUntilUp(Action<string> say, TimeProvider time, CancellationToken cancellationToken)
    {
        for (var said = false; ; said = true)
        {
            try
            {
                using var response = await Http.GetAsync("/healthz/live", cancellationToken);
                if (response.StatusCode == HttpStatusCode.OK)
                    return;
            }
            catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
            {
                if (!said)
                    say($"The control plane at {Http.BaseAddress} does not answer yet ({failure.Message}); waiting for it.");
            }

            await Task.Delay(Patience / 4, time, cancellationToken);
        }
    }

    /// <exception cref="AgentSetupException">The control plane does not know this agent any more.</exception>
    public async Task CheckCredential(CancellationToken cancellationToken)
    {
        using var response = await Http.GetAsync("/cluster/membership/", cancellationToken);
        if (response.StatusCode == HttpStatusCode.Unauthorized)
            throw new AgentSetupException($"The control plane at {Http.BaseAddress} does not let this agent in (it was removed, its tenant is disabled, or the server is new): have the tenant enabled, or remove identity.json and join with a token from 'prts agent token'.");
        response.EnsureSuccessStatusCode();
    }

    public void Dispose() => Http.Dispose();
}
