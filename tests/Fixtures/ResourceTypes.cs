using MedCor.Platform.Resources;

namespace MedCor.Tests.Fixtures;

internal static class ResourceTypes
{
    /// <summary>Returns the entity, row and contract types of a resource; null for any other type.</summary>
    public static Type[]? ArgumentsOf(Type type)
    {
        for (var t = type.BaseType; t is not null; t = t.BaseType)
            if (t.IsGenericType && t.GetGenericTypeDefinition() == typeof(QueryableResource<,,>)) return t.GetGenericArguments();
        return null;
    }
}
