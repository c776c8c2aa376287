namespace MedCor.Tests.EndToEnd;

/// <summary>Groups tests that do not run in parallel with others, because they kill processes that all tests use.</summary>
[CollectionDefinition(nameof(CrashCollection), DisableParallelization = true)]
public sealed class CrashCollection;
