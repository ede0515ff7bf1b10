using PRTS.Contracts.Agents;

namespace PRTS.Grains.Tests.Cluster;

/// <summary>The product's filter, through which the test host's own client may ask whether the silos are up; nothing else passes it by.</summary>
internal sealed class TestHostFilter(AgentCallFilter filter) : IIncomingGrainCallFilter
{
    public Task Invoke(IIncomingGrainCallContext context) => context.InterfaceMethod.DeclaringType!.Name == "ITestHooks" ? context.Invoke() : filter.Invoke(context);
}
