namespace MedCor.Tests.Services;

/// <summary>Groups tests that do not run in parallel with others, because they disturb services that all tests use.</summary>
[CollectionDefinition(nameof(CrashCollection), DisableParallelization = true)]
public sealed class CrashCollection;
