using System.Net;
using PRTS.Agents.Configuration;
using Xunit;

namespace PRTS.Agents.Tests.Configuration;

/// <summary>The settings come from the environment, which the tests of this class share: they run one after another.</summary>
public sealed class AgentOptionsTests : IDisposable
{
    private readonly List<string> set = [];

    public void Dispose() => set.ForEach(name => Environment.SetEnvironmentVariable(name, null));

    [Fact]
    public void Address_ControlPlaneIsHere_IsLoopback()
    {
        Set("PRTS_URL", "http://localhost:5080");

        Assert.Equal(IPAddress.Loopback, AgentOptions.FromEnvironment().Address);
    }

    [Fact]
    public void Address_Given_IsTaken()
    {
        Set("PRTS_URL", "http://localhost:5080");
        Set("PRTS_AGENT_ADDRESS", "192.0.2.7");

        Assert.Equal(IPAddress.Parse("192.0.2.7"), AgentOptions.FromEnvironment().Address);
    }

    [Fact]
    public void FromEnvironment_SeveralWrong_SaysAll()
    {
        Set("PRTS_URL", "ftp://x");
        Set("PRTS_AGENT_NAME", "two words");
        Set("PRTS_AGENT_SLOTS", "0");
        Set("PRTS_AGENT_ADDRESS", "here");

        var refusal = Assert.Throws<AgentSetupException>(AgentOptions.FromEnvironment);

        Assert.Equal(4, refusal.Message.Split('\n').Length);
    }

    private void Set(string name, string value)
    {
        set.Add(name);
        Environment.SetEnvironmentVariable(name, value);
    }
}
