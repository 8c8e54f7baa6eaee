// What the page says, in both languages, and its examples.

export const STRINGS = {
  en: {
    skip: "To the text", tagline: "Entities of Chinese text", model: "Model", keyNeeded: "This server asks for an API key.", useKey: "Use it",
    text: "Text", examples: "Examples", find: "Find entities", open: "Annotate a file…", drop: "or drop one anywhere", dropHere: "Drop the file to annotate it",
    close: "Close", entities: "Entities", threshold: "At least", words: "Words", today: "Today is", shownTypes: "Types to show", readings: "How this sentence can be read",
    copyJson: "Copy JSON", copyBio: "Copy BIO", copied: "Copied", notCopied: "The browser does not let the page copy", table: "As a table", mention: "Entity",
    type: "Type", place: "Characters", probability: "Probability", value: "Value", knowledgeBase: "Knowledge base", entry: (text, id) => `${text}: ${id} in the knowledge base, in a new tab`, private: "Texts go to this server only; it keeps none of them.", api: "Interface",
    other: "Other readings of this sentence", empty: "Type or paste a Chinese text, or choose an example.", nothing: "No entity is shown.",
    characters: (n) => `${n} characters`, found: (n, all) => (n === all ? `${n} found` : `${n} of ${all} shown`), working: "Working…",
    switchTheme: { auto: "Theme: as the system", light: "Theme: light", dark: "Theme: dark" }, themeName: { auto: "◐", light: "☀", dark: "☾" },
    language: "中文", toLanguage: "切换到中文", noScore: "by a rule or a list", serverGone: "The server does not answer.", badFile: "The file is neither UTF-8 nor GB18030 text.",
    badLine: (n) => `Line ${n}: expected a JSON object with a "text"`, tooLarge: "The file is larger than 20 MB.", oneFile: "Several files were given; the page annotates one at a time.", fileDone: (n, faults) => `${n} texts annotated` + (faults ? `, ${faults} failed` : ""),
    download: "Download", busy: "The server is busy; trying again…",
  },
  zh: {
    skip: "跳到文本", tagline: "中文命名实体识别", model: "模型", keyNeeded: "此服务需要 API 密钥。", useKey: "使用",
    text: "文本", examples: "示例", find: "识别实体", open: "标注文件…", drop: "或将文件拖到页面任意处", dropHere: "松开即可标注该文件",
    close: "关闭", entities: "实体", threshold: "概率至少", words: "分词", today: "今天是", shownTypes: "显示的类型", readings: "这句话的其他读法",
    copyJson: "复制 JSON", copyBio: "复制 BIO", copied: "已复制", notCopied: "浏览器不允许复制", table: "表格", mention: "实体",
    type: "类型", place: "字符位置", probability: "概率", value: "值", knowledgeBase: "知识库", entry: (text, id) => `${text}：知识库条目 ${id}（新标签页）`, private: "文本只发送到本服务器，且不会保存。", api: "接口",
    other: "这句话的其他读法", empty: "请输入或粘贴中文文本，或选择一个示例。", nothing: "没有可显示的实体。",
    characters: (n) => `${n} 个字符`, found: (n, all) => (n === all ? `找到 ${n} 个` : `显示 ${n} 个，共 ${all} 个`), working: "识别中…",
    switchTheme: { auto: "主题：跟随系统", light: "主题：浅色", dark: "主题：深色" }, themeName: { auto: "◐", light: "☀", dark: "☾" },
    language: "English", toLanguage: "Switch to English", noScore: "来自规则或词典", serverGone: "服务器没有响应。", badFile: "文件既不是 UTF-8 也不是 GB18030 文本。",
    badLine: (n) => `第 ${n} 行：应为含有 "text" 的 JSON 对象`, tooLarge: "文件超过 20 MB。", oneFile: "收到了多个文件；每次只能标注一个。", fileDone: (n, faults) => `已标注 ${n} 条文本` + (faults ? `，${faults} 条失败` : ""),
    download: "下载", busy: "服务器繁忙，正在重试……",
  },
};

// [English name, Chinese name, text]: the ten kinds of text of the everyday corpus, in sentences of the page's own.
export const EXAMPLES = [
  ["News", "新闻", "昆明市副市长陆文博周二在滇池边会见了来访的越南客商，双方就咖啡贸易交换了意见。\n当天下午，云南大学与河内国家大学签署了合作协议。"],
  ["Microblog", "微博", "刚下飞机就被重庆的火锅味包围了😭 感谢@山城小厨 的老板娘！明天和阿敏去爬歌乐山🏔️"],
  ["Review", "评论", "这家在鼓楼东街的老陈面馆真的不错，比海底捞便宜多了，就是停车得绕到宁波银行后面。"],
  ["Contract", "合同", "甲方：苏州沐风纺织有限公司，法定代表人：顾清和；乙方：青岛远帆物流有限公司。争议由苏州市中级人民法院管辖。"],
  ["Medical note", "病历", "患者葛永年，男，58岁，由武汉协和医院转入我科。主管医师：孟兰。家属现居黄石市。"],
  ["Chat", "聊天", "小雨你到哪了？我跟老郑在西直门等你呢，地铁口那家麦当劳。"],
  ["Hong Kong and Taiwan", "港台", "林家豪上週從台北搬到高雄，在中山大學附近開了一間書店；他的太太黃詠詩仍在香港電台工作。"],
  ["Technology", "科技", "谷歌和清华大学的研究者在旧金山展示了新的翻译模型，第一作者 Kevin Liu 曾在字节跳动实习。"],
  ["Finance", "财经", "招商银行深圳分行行长梁启明表示，将为东莞的制造企业提供低息贷款；腾讯同日宣布回购股份。"],
  ["Sport", "体育", "王霜在最后一分钟破门，武汉江大女足客场战胜上海农商银行队，全场观众为她起立鼓掌。"],
];
