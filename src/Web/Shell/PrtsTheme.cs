using MudBlazor;

namespace PRTS.Web.Shell;

/// <summary>MudBlazor's theme in both palettes; each applies where the document's <c>data-theme</c> says so.</summary>
public static class PrtsTheme
{
    private static readonly string[] Sans = ["Inter", "system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "sans-serif"];

    public static MudTheme Light { get; } = Create(":root");

    public static MudTheme Dark { get; } = Create(":root[data-theme=dark]");

    private static MudTheme Create(string scope) => new()
    {
        PseudoCss = new PseudoCss { Scope = scope },
        LayoutProperties = new LayoutProperties { DefaultBorderRadius = "8px" },
        Typography = new Typography
        {
            Default = new DefaultTypography { FontFamily = Sans, FontSize = ".875rem", LineHeight = "1.5" },
            Button = new ButtonTypography { FontFamily = Sans, TextTransform = "none", FontWeight = "600", FontSize = ".875rem" },
        },
        PaletteLight = new PaletteLight
        {
            Primary = "#2f5bd8",
            Secondary = "#5b6475",
            Info = "#2f5bd8",
            Success = "#1a7f37",
            Warning = "#9a6700",
            Error = "#c62a36",
            Background = "#f6f7f9",
            Surface = "#ffffff",
            TextPrimary = "#1b1f27",
            TextSecondary = "#566072",
            LinesDefault = "#dfe3ea",
            LinesInputs = "#b7bfcc",
            Divider = "#dfe3ea",
            TableLines = "#e7eaf0",
            ActionDefault = "#566072",
            AppbarBackground = "#ffffff",
            AppbarText = "#1b1f27",
        },
        PaletteDark = new PaletteDark
        {
            Primary = "#7da2ff",
            PrimaryContrastText = "#0b1020",
            Secondary = "#9aa4b5",
            Info = "#7da2ff",
            Success = "#4cc069",
            Warning = "#d8a021",
            Error = "#ff7b81",
            Background = "#0f1218",
            Surface = "#171b23",
            TextPrimary = "#e6e9ef",
            TextSecondary = "#9aa4b5",
            LinesDefault = "#2a303c",
            LinesInputs = "#4a5364",
            Divider = "#2a303c",
            TableLines = "#242a35",
            ActionDefault = "#9aa4b5",
            AppbarBackground = "#171b23",
            AppbarText = "#e6e9ef",
        },
    };
}
