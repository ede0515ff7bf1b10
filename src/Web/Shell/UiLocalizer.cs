using Microsoft.Extensions.Localization;
using MudBlazor;
using PRTS.Web.Resources;

namespace PRTS.Web.Shell;

/// <summary>MudBlazor's own few words that our pages show or read out, from our resource files under MudBlazor's keys.</summary>
public sealed class UiLocalizer(IStringLocalizer<UiText> texts) : MudLocalizer
{
    public override LocalizedString this[string key] => texts[key];

    public override LocalizedString this[string key, params object[] arguments] => texts[key, arguments];
}
