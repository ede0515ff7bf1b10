using Microsoft.Extensions.Hosting;
using PRTS.Storage.Access;

namespace PRTS.Web.Access;

/// <summary>Hears of changed rights as long as the server runs.</summary>
public sealed class AccessListener(AccessWatch watch) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => watch.Run(stoppingToken);
}
