using System.Net;
using Orleans.Runtime;
using Orleans.Serialization;
using PRTS.Contracts.Cluster;

namespace PRTS.Agents.Connection;

/// <summary>The cluster's membership, read and written through the control plane, so that an agent needs no database.</summary>
public sealed class HttpMembershipTable(ControlPlane controlPlane, Serializer serializer) : IMembershipTable
{
    public Task InitializeMembershipTable(bool tryInitTableVersion) => Task.CompletedTask;

    public Task DeleteMembershipTableEntries(string clusterId) => throw new NotSupportedException("An agent does not delete the cluster's membership.");

    /// <summary>Servers do it.</summary>
    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => Task.CompletedTask;

    public Task<MembershipTableData> ReadAll() => Read("/cluster/membership/");

    public Task<MembershipTableData> ReadRow(SiloAddress key) => Read($"/cluster/membership/{Uri.EscapeDataString(key.ToParsableString())}");

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) =>
        Write("insert", new MembershipChange { Entry = entry, Version = tableVersion });

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) =>
        Write("update", new MembershipChange { Entry = entry, ETag = etag, Version = tableVersion }, isRefusable: true);

    public Task UpdateIAmAlive(MembershipEntry entry) => Write("alive", new MembershipChange { Entry = entry });

    private async Task<MembershipTableData> Read(string path)
    {
        using var response = await controlPlane.Http.GetAsync(path);
        response.EnsureSuccessStatusCode();
        return serializer.Deserialize<MembershipTableData>(await response.Content.ReadAsByteArrayAsync())
            ?? throw new InvalidDataException($"{path} answered with nothing.");
    }

    /// <param name="isRefusable">A silo votes on others that it can't reach; an agent's vote is refused, and that is no failure of the agent.</param>
    private async Task<bool> Write(string verb, MembershipChange change, bool isRefusable = false)
    {
        using var content = new ByteArrayContent(serializer.SerializeToArray(change));
        using var response = await controlPlane.Http.PostAsync($"/cluster/membership/{verb}", content);
        if (isRefusable && response.StatusCode == HttpStatusCode.Forbidden)
            return false;
        response.EnsureSuccessStatusCode();
        return serializer.Deserialize<bool>(await response.Content.ReadAsByteArrayAsync());
    }
}
