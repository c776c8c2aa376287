namespace MedCor.Contracts;

/// <summary>Defines the maximum lengths of the query parameters of resources, in characters.</summary>
public static class ResourceQueryLimits
{
    public const int MaxSortLength = 200;
    public const int MaxFilterLength = 4000;
    public const int MaxFieldsLength = 500;
    public const int MaxExpandLength = 200;
}
