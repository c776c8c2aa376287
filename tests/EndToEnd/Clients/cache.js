class MCPCache {
  constructor(ttl = 300000) { // 5 minutes default TTL
    this.cache = new Map();
    this.ttl = ttl;
  }

  getCacheKey(tool, params) {
    return `${tool}:${JSON.stringify(params)}`;
  }

  async get(tool, params) {
    const key = this.getCacheKey(tool, params);
    const cached = this.cache.get(key);
    
    if (cached && Date.now() - cached.timestamp < this.ttl) {
      return cached.data;
    }
    
    return null;
  }

  set(tool, params, data) {
    const key = this.getCacheKey(tool, params);
    this.cache.set(key, {
      data: data,
      timestamp: Date.now()
    });
  }

  invalidate(pattern) {
    // Invalidate cache entries matching pattern
    for (const [key] of this.cache) {
      if (key.includes(pattern)) {
        this.cache.delete(key);
      }
    }
  }
}

// Usage with caching
const cache = new MCPCache();

async function getCachedDoctorList(hospitalId) {
  // Check cache first
  let doctors = await cache.get('list_doctors', {hospital_id: hospitalId});
  
  if (!doctors) {
    // Fetch from server
    doctors = await invokeTool('list_doctors', {hospital_id: hospitalId});
    
    // Cache the result
    cache.set('list_doctors', {hospital_id: hospitalId}, doctors);
  }
  
  return doctors;
}
