using System.Net;
using System.Net.Sockets;
using Orleans.Runtime;

namespace PRTS.Silo.Cluster;

/// <summary>
/// Writes off the members that ended without saying so, before this server joins. A silo that joins must reach every member that is said
/// to be active; after a power cut, or a kill of server and agent together, it would wait for the dead until they have given no sign of
/// life for 90 s, and an agent cannot tell that it is back before a server is.
/// </summary>
internal sealed partial class FormerMembers(IMembershipTable table, ILocalSiloDetails self, TimeProvider clock, ILogger<FormerMembers> log)
    : ILifecycleParticipant<ISiloLifecycle>
{
    /// <summary>What <c>ProbeTimeout</c> and <c>NumMissedProbesLimit</c> grant a member of a running cluster.</summary>
    private const int Attempts = 2;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public void Participate(ISiloLifecycle observer) => observer.Subscribe(nameof(FormerMembers), ServiceLifecycleStage.RuntimeServices, WriteOff);

    private async Task WriteOff(CancellationToken cancellationToken)
    {
        await table.InitializeMembershipTableAsync(tryInitTableVersion: true, cancellationToken);
        var members = (await table.ReadAllAsync(cancellationToken)).Members.Select(row => row.Item1)
            .Where(member => member.Status is SiloStatus.Joining or SiloStatus.Active && !member.SiloAddress.Endpoint.Equals(self.SiloAddress.Endpoint));
        var answers = await Task.WhenAll(members.Select(async member => (member.SiloAddress, Listens: await Listens(member.SiloAddress.Endpoint, cancellationToken))));
        foreach (var (silo, _) in answers.Where(answer => !answer.Listens))
            await DeclareDead(silo, cancellationToken);
    }

    private static async Task<bool> Listens(IPEndPoint endpoint, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(Patience);
            using var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(endpoint, limit.Token);
                return true;
            }
            catch (Exception problem) when (problem is SocketException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                // The answer is no, unless the next attempt says otherwise.
            }
        }

        return false;
    }

    private async Task DeclareDead(SiloAddress silo, CancellationToken cancellationToken)
    {
        // Another server may be changing the table: its change is read and ours is tried again.
        while (true)
        {
            var rows = await table.ReadAllAsync(cancellationToken);
            if (rows.TryGet(silo) is not var (member, etag) || member.Status == SiloStatus.Dead) return;
            member.Status = SiloStatus.Dead;
            member.AddSuspector(self.SiloAddress, clock.GetUtcNow().UtcDateTime);
            if (!await table.UpdateRowAsync(member, etag, rows.Version.Next(), cancellationToken)) continue;
            WrittenOff(log, member.SiloName, silo);
            return;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Name} at {Silo} ended without saying so")]
    private static partial void WrittenOff(ILogger log, string name, SiloAddress silo);
}
