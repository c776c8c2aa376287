namespace MedCor.Tests.Fixtures;

/// <summary>Marks a theory over rendered overlays.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OverlayTheoryAttribute : TheoryAttribute
{
    internal const string Missing =
        "There is neither kustomize nor kubectl on this machine. Install kubectl 1.28 or later (https://kubernetes.io/docs/tasks/tools/) or kustomize 5.";

    public OverlayTheoryAttribute()
    {
        if (!Overlay.CanRender) Skip = Missing;
    }
}

/// <summary>Marks a fact about a rendered overlay.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OverlayFactAttribute : FactAttribute
{
    public OverlayFactAttribute()
    {
        if (!Overlay.CanRender) Skip = OverlayTheoryAttribute.Missing;
    }
}

/// <summary>Provides every overlay as test data.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EveryOverlayAttribute : Xunit.Sdk.DataAttribute
{
    public override IEnumerable<object[]> GetData(System.Reflection.MethodInfo testMethod) => Overlay.Names.Select(name => new object[] { name });
}
