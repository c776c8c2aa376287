namespace MedCor.Contracts;

/// <summary>
/// Marks a record as a resource: <c>GET /api/mcp/resources/{name}</c> lists its entities and <c>/{name}/{id}</c> returns one. The last part of the record's
/// namespace is the service that owns the resource. A field <c>x_id</c>, of the record or of the elements of its lists, can be expanded to the resource of the
/// record <c>X</c>.
/// </summary>
/// <param name="name">The path, plural, in <c>snake_case</c>.</param>
/// <param name="callers">The roles that may read the resource at all; the service also decides on each row.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class ResourceAttribute(string name, Callers callers) : Attribute
{
    public string Name => name;
    public Callers Callers => callers;
}
