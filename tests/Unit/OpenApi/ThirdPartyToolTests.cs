namespace MedCor.Tests.Unit.OpenApi;

/// <summary>Tests that third-party tools accept the OpenAPI document.</summary>
public sealed class ThirdPartyToolTests
{
    [TypeScriptFact]
    public async Task A_client_generated_by_openapi_typescript_with_its_defaults_compiles()
    {
        Assert.True(TypeScriptFactAttribute.IsAvailable, TypeScriptFactAttribute.Packages.Missing);
        var npm = TypeScriptFactAttribute.Packages;
        File.WriteAllBytes(Path.Combine(npm.Directory, "api.json"), MappedRoutes.WriteOpenApiDocument());

        var generated = await npm.Run("node", "node_modules/openapi-typescript/bin/cli.js", "api.json", "-o", "api.d.ts");
        var compiled = await npm.Run("node", "node_modules/typescript/bin/tsc", "--strict", "--noEmit", "--target", "es2022", "--module", "nodenext",
            "client.ts");

        Assert.True(generated.ExitCode == 0, generated.Said);
        Assert.True(compiled.ExitCode == 0, compiled.Said);
    }

    [SpectralFact]
    public async Task The_document_passes_Spectral_and_its_OWASP_ruleset()
    {
        var npm = SpectralFactAttribute.Packages;
        File.WriteAllBytes(Path.Combine(npm.Directory, "api.json"), MappedRoutes.WriteOpenApiDocument());
        File.Copy(Path.Combine(MedCorFixture.RepositoryRoot(), "docs/openapi/.spectral.yaml"), Path.Combine(npm.Directory, ".spectral.yaml"), overwrite: true);

        var linted = await npm.Run("node", "node_modules/@stoplight/spectral-cli/dist/index.js", "lint", "--fail-severity", "hint", "api.json");

        Assert.True(linted.ExitCode == 0, linted.Said);
    }
}

/// <summary>
/// Marks a test that needs the packages to generate and compile TypeScript clients. Without them, the test is skipped locally and fails where <c>CI</c> is set.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TypeScriptFactAttribute : FactAttribute
{
    internal static readonly NpmPackages Packages = new("Unit/OpenApi/client");
    private static readonly Lazy<bool> Installed = new(() => Task.Run(Packages.Install).Result);

    public TypeScriptFactAttribute()
    {
        // Installed before any test begins, because a running test can no longer be skipped.
        if (!IsAvailable && Environment.GetEnvironmentVariable("CI") is null or "") Skip = Packages.Missing;
    }

    /// <summary>Gets whether the packages are installed.</summary>
    public static bool IsAvailable => Installed.Value;
}

/// <summary>Marks a test that needs Spectral. Because Spectral has two hundred packages, the test runs only on request.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SpectralFactAttribute : FactAttribute
{
    internal static readonly NpmPackages Packages = new("Unit/OpenApi/spectral");
    private static readonly Lazy<bool> IsAvailable = new(() => Task.Run(Packages.Install).Result);

    public SpectralFactAttribute()
    {
        if (Environment.GetEnvironmentVariable("MEDCOR_SPECTRAL") is not "1") Skip = "Set MEDCOR_SPECTRAL=1 to have the document checked by Spectral.";
        else if (!IsAvailable.Value) Skip = Packages.Missing;
    }
}
