using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;
using PRTS.Storage.Settings;

namespace PRTS.Web.Access;

/// <summary>Keeps the keys of cookies and forms, sealed, where every server finds them, so that a restart or another server ends no session.</summary>
public sealed class DataProtectionKeys(SealedSettings settings) : IXmlRepository
{
    private const string Prefix = "data-protection/";

    // The interface is synchronous; it is called at the start and once in weeks.
    public IReadOnlyCollection<XElement> GetAllElements() =>
        [.. Task.Run(() => settings.WithPrefix(Prefix)).GetAwaiter().GetResult().Values.Select(value => XElement.Parse(System.Text.Encoding.UTF8.GetString(value)))];

    public void StoreElement(XElement element, string friendlyName) =>
        Task.Run(() => settings.Set(Prefix + friendlyName, System.Text.Encoding.UTF8.GetBytes(element.ToString(SaveOptions.DisableFormatting)))).GetAwaiter().GetResult();
}
